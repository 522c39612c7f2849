#include "serve/open_layers.h"

#include "formats/gpkg/gpkg_writer.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "formats/sqlite/sqlite.h"
#include "tests/support/errors.h"
#include "tests/support/grids.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct OpenPaths : testing::Test {
    std::unique_ptr<const LayerSet> open(const std::vector<fs::path>& paths) {
        return ServedPaths{paths, *pool, [this](std::string_view line) { log.emplace_back(line); }}
            .layers();
    }

    static std::unique_ptr<const LayerSet> looked_at(ServedPaths& served) {
        served.look();
        return served.layers();
    }

    static std::vector<std::string> names_of(const LayerSet& layers) {
        std::vector<std::string> names;
        for (const auto& layer : layers.layers()) {
            names.push_back(layer.id);
        }
        return names;
    }

    static std::string word_at(const LayerSet& layers, std::string_view layer, const TileKey& key) {
        return word_in(layers.find(layer)->tiles->get(key));
    }

    TempFolder folder;
    std::vector<std::string> log;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
};

TEST_F(OpenPaths, takes_a_file_a_package_and_a_folder_of_both) {
    write_mbtiles(folder / "roads.v2.mbtiles", draw("z0: r"));
    write_package(folder / "kenya", "kenya", "z0: k");
    write_file(folder / "notes.txt", "nothing to serve");
    {
        PmtilesWriter writer{{.file = folder / "sea.pmtiles"}, {}};
        writer.put({0, 0, 0}, png_bytes("s"));
        writer.commit();
    }

    EXPECT_THAT(names_of(*open({folder / "sea.pmtiles"})), ElementsAre("sea"));
    EXPECT_THAT(names_of(*open({folder / "roads.v2.mbtiles"})), ElementsAre("roads.v2"));
    EXPECT_THAT(names_of(*open({folder / "kenya"})), ElementsAre("kenya"));
    const auto all = open({folder.path()});
    EXPECT_THAT(names_of(*all), ElementsAre("kenya", "roads.v2", "sea"));
    EXPECT_EQ(word_at(*all, "sea", {0, 0, 0}), "s");
    EXPECT_EQ(all->find("sea")->format, TileFormat::png);
    EXPECT_EQ(word_at(*all, "kenya", {0, 0, 0}), "k");
    EXPECT_EQ(word_at(*all, "roads.v2", {0, 0, 0}), "r");
    EXPECT_EQ(all->generation(), std::nullopt);
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(OpenPaths, takes_the_tiles_of_geopackages) {
    {
        gpkg::GpkgWriter writer{folder / "roads.gpkg", {}};
        writer.put({0, 0, 0}, png_bytes("r"));
        writer.commit();
    }
    write_mbtiles(folder / "other.mbtiles", draw("z0: o"));
    write_file(folder / "broken.gpkg", "no database");

    EXPECT_EQ(word_at(*open({folder / "roads.gpkg"}), "roads", {0, 0, 0}), "r");
    const auto all = open({folder.path()});
    EXPECT_THAT(names_of(*all), ElementsAre("other", "roads"));
    EXPECT_EQ(word_at(*all, "roads", {0, 0, 0}), "r");
    EXPECT_THAT(log, ElementsAre(AllOf(HasSubstr("broken.gpkg is left out"),
                                       HasSubstr("file is not a database"))));
}

TEST_F(OpenPaths, takes_each_table_of_tiles_in_a_geopackage) {
    gpkg::GpkgWriter writer{folder / "a.gpkg", {}, "roads"};
    writer.put({0, 0, 0}, png_bytes("r"));
    writer.commit();
    sqlite::Db{folder / "a.gpkg", sqlite::OpenMode::existing}.execute(
        "CREATE TABLE rivers (id INTEGER PRIMARY KEY, zoom_level, tile_column, tile_row, tile_data,"
        " UNIQUE (zoom_level, tile_column, tile_row)); INSERT INTO rivers SELECT * FROM roads;"
        "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('rivers', 'tiles'),"
        " ('lost', 'tiles');"
        "INSERT INTO gpkg_tile_matrix_set SELECT 'rivers', srs_id, min_x, min_y, max_x, max_y"
        " FROM gpkg_tile_matrix_set; INSERT INTO gpkg_tile_matrix SELECT 'rivers', zoom_level,"
        " matrix_width, matrix_height, tile_width, tile_height, pixel_x_size, pixel_y_size"
        " FROM gpkg_tile_matrix;");
    const auto layers = open({folder / "a.gpkg"});
    EXPECT_THAT(names_of(*layers), ElementsAre("a:rivers", "a:roads"));
    EXPECT_EQ(word_at(*layers, "a:rivers", {0, 0, 0}), "r");
    EXPECT_THAT(log, ElementsAre(HasSubstr("table 'lost' is left out")));
}

TEST_F(OpenPaths, takes_a_package_in_a_grid_of_its_own) {
    write_package(folder / "alps", "alps", swiss_drawing, {.grid = swiss_grid()});
    const auto layers = open({folder / "alps"});
    EXPECT_EQ(*layers->find("alps")->info().grid, *swiss_grid());
    for (const auto& [key, word] : draw(swiss_drawing)) {
        EXPECT_EQ(word_at(*layers, "alps", key), word);
    }
}

TEST_F(OpenPaths, takes_the_current_generation_of_a_depot) {
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    const auto manifest = write_package(folder / "kenya", "kenya", "z0: k");
    for (const auto& file : manifest.files) {
        fs::create_directories(depot.stored_path("kenya", file).parent_path());
        fs::copy_file(folder.path() / "kenya" / file.name, depot.stored_path("kenya", file));
    }
    depot.publish(posix_file_ops(), {.number = 7, .layers = {{"kenya", manifest}}});

    const auto layers = open({depot.root()});
    EXPECT_EQ(layers->generation(), 7U);
    EXPECT_EQ(word_at(*layers, "kenya", {0, 0, 0}), "k");
}

/// A layer of a depot with its file, which is published as the next generation.
Generation published(const Depot& depot, const fs::path& package, const std::string& layer,
                     std::string_view drawing, const Generation& before) {
    const auto manifest = write_package(package, layer, drawing);
    for (const auto& file : manifest.files) {
        fs::create_directories(depot.stored_path(layer, file).parent_path());
        fs::copy_file(package / file.name, depot.stored_path(layer, file));
    }
    auto next = before;
    next.number = depot.next_number();
    next.layers.insert_or_assign(layer, manifest);
    depot.publish(posix_file_ops(), next, before);
    return next;
}

TEST_F(OpenPaths, shares_what_the_set_before_has_of_a_depot) {
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    const auto first = published(depot, folder / "kenya", "kenya", "z0: k", {});
    write_mbtiles(folder / "roads.mbtiles", draw("z0: r"));
    ServedPaths served{{depot.root(), folder / "roads.mbtiles"}, *pool, [](std::string_view) {}};
    const auto before = served.layers();
    const auto second = published(depot, folder / "uganda", "uganda", "z0: u", first);

    const auto after = looked_at(served);

    EXPECT_EQ(after->generation(), second.number);
    EXPECT_EQ(after->find("kenya")->tiles, before->find("kenya")->tiles);
    EXPECT_EQ(after->find("roads")->tiles, before->find("roads")->tiles) << "not opened again";
    EXPECT_EQ(word_at(*after, "uganda", {0, 0, 0}), "u");
}

TEST_F(OpenPaths, opens_a_depot_again_however_its_path_is_spelled) {
    const Depot depot{folder / "depot/"};
    depot.create_if_missing(posix_file_ops());
    const auto first = published(depot, folder / "kenya", "kenya", "z0: k", {});
    ServedPaths served{{folder / "depot/"}, *pool, [](std::string_view) {}};
    const auto second = published(depot, folder / "uganda", "uganda", "z0: u", first);

    EXPECT_EQ(looked_at(served)->generation(), second.number);
}

TEST_F(OpenPaths, keeps_what_is_served_of_a_depot_that_cannot_be_opened_again) {
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    const auto first = published(depot, folder / "kenya", "kenya", "z0: k", {});
    const Depot other{folder / "other"};
    other.create_if_missing(posix_file_ops());
    ServedPaths served{{depot.root(), other.root()}, *pool, [this](std::string_view line) {
                           log.emplace_back(line);
                       }};
    published(depot, folder / "roads", "roads", "z0: r", first);
    published(other, folder / "uganda", "uganda", "z0: u", {});
    fs::remove(depot.root() / "CURRENT");

    EXPECT_THAT(names_of(*looked_at(served)), ElementsAre("kenya", "uganda"));
    EXPECT_THAT(names_of(*looked_at(served)), ElementsAre("kenya", "uganda"));
    EXPECT_THAT(log, ElementsAre(HasSubstr("still serving the previous state")));
}

TEST_F(OpenPaths, a_generation_is_read_only_where_it_is_not_the_one_that_is_served) {
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    const auto first = published(depot, folder / "kenya", "kenya", "z0: k", {});
    const auto layers = open_generation(depot, first, *pool);
    const auto& served = layers->served(depot.root())->generation();
    const auto& nodes = first.layers.at("kenya").files.root();

    fs::remove(depot.nodes().folder() / nodes->sha256);
    EXPECT_EQ(current_generation(depot, *layers), served);
    const auto second = published(depot, folder / "uganda", "uganda", "z0: u", first);
    EXPECT_EQ(current_generation(depot, *layers), second);
    EXPECT_EQ(open({folder / "kenya"})->served(depot.root()), nullptr);
}

TEST_F(OpenPaths, takes_an_empty_depot) {
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    EXPECT_THAT(names_of(*open({depot.root()})), IsEmpty());
}

TEST_F(OpenPaths, leaves_out_what_is_damaged_in_a_folder_and_says_so) {
    write_mbtiles(folder / "good.mbtiles", draw("z0: a"));
    write_file(folder / "bad.mbtiles", "not a database at all");
    fs::create_directory(folder / "broken");
    write_file(folder / "broken/manifest.json", "{");

    EXPECT_THAT(names_of(*open({folder.path()})), ElementsAre("good"));
    EXPECT_THAT(log,
                ElementsAre(HasSubstr("bad.mbtiles is left out"), HasSubstr("broken is left out")));
}

TEST_F(OpenPaths, takes_the_missing_files_of_a_package_for_absent_tiles) {
    write_package(folder / "kenya", "kenya", "z0: w\nz1: a b / c d");
    fs::remove(folder / "kenya/z01-0-0.sqlite3");

    const auto layers = open({folder / "kenya"});
    EXPECT_EQ(word_at(*layers, "kenya", {1, 0, 1}), "(absent)");
    EXPECT_EQ(word_at(*layers, "kenya", {0, 0, 0}), "w");
    EXPECT_THAT(log, ElementsAre(HasSubstr("1 of 5 files are missing")));
}

TEST_F(OpenPaths, refuses_a_path_that_cannot_be_served) {
    write_file(folder / "text.mbtiles", "hello");
    write_file(folder / "empty.mbtiles", "");
    fs::create_directory(folder / "broken");
    write_file(folder / "broken/manifest.json", "[]");
    for (const auto* name : {"missing", "text.mbtiles", "empty.mbtiles", "broken"}) {
        EXPECT_THAT([&] { open({folder / name}); },
                    testing::Throws<Error>(
                        testing::Property(&Error::what, HasSubstr((folder / name).string()))))
            << name;
    }
}

TEST_F(OpenPaths, calls_two_layers_of_one_name_by_where_they_are) {
    fs::create_directory(folder / "a");
    write_mbtiles(folder / "a/kenya.mbtiles", draw("z0: a"));
    write_package(folder / "b", "kenya", "z0: b");
    const auto layers = open({folder / "a", folder / "b"});
    EXPECT_EQ(word_at(*layers, "kenya", {0, 0, 0}), "a");
    EXPECT_EQ(word_at(*layers, "b:kenya", {0, 0, 0}), "b");
}

TEST_F(OpenPaths, finds_out_the_format_that_a_file_does_not_state) {
    {
        sqlite::MbtilesWriter writer{folder / "silent.mbtiles", Grid::google_maps_compatible(), {}};
        writer.put({2, 3, 1}, as_bytes("\xFF\xD8\xFF jpeg"));
        writer.commit();
    }
    EXPECT_EQ(open({folder / "silent.mbtiles"})->find("silent")->format, TileFormat::jpeg);
}

TEST_F(OpenPaths, reads_the_vector_layers_of_a_real_file) {
    const auto file = shared_data("tiles/mbtiles/world_cities.mbtiles");
    if (!file) {
        GTEST_SKIP();
    }
    const auto layers = open({*file});
    EXPECT_EQ(layers->find("world_cities")->format, TileFormat::pbf);
    EXPECT_THAT(layers->find("world_cities")->vector_layers, HasSubstr("\"id\":\"cities\""));
}

TEST_F(OpenPaths, survives_vector_layers_that_nest_without_end) {
    const auto json =
        R"({"vector_layers":)" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
    {
        sqlite::MbtilesWriter writer{folder / "deep.mbtiles",
                                     Grid::google_maps_compatible(),
                                     {{"format", "pbf"}, {"json", json}}};
        writer.put({0, 0, 0}, as_bytes("\x1F\x8B\x08"));
        writer.commit();
    }
    EXPECT_LT(open({folder / "deep.mbtiles"})->find("deep")->vector_layers.size(), 100U);
}

TEST_F(OpenPaths, refuses_tiles_that_are_computed_without_computing_them) {
    {
        sqlite::Db db{folder / "endless.mbtiles", sqlite::OpenMode::build};
        db.execute(
            "CREATE TABLE metadata (name text, value text);"
            "CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT 0 AS zoom_level, 0 AS tile_column, i AS tile_row, zeroblob(100000000) AS "
            "tile_data FROM n");
    }
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT([&] { open({folder / "endless.mbtiles"}); },
                throws(Errc::corrupt, HasSubstr("endless.mbtiles")));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{1});
}

}  // namespace
}  // namespace offgrid::test
