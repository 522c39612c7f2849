#include "tests/pack/transfer/transfer_program.h"

#include "formats/image/encode.h"
#include "formats/sqlite/mbtiles_store.h"
#include "tests/support/grids.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(TransferProgram, writes_an_mbtiles_file_in_the_grid_of_the_package) {
    const auto grid = swiss_grid();
    write_package(folder / "alps", "alps", swiss_drawing, {.grid = grid});

    const auto result = transfer({"alps", "alps.mbtiles"});

    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto pool = sqlite::make_mbtiles_pool(1);
    const sqlite::MbtilesReader reader{folder / "alps.mbtiles", *grid, *pool};
    for (const auto& [key, word] : draw(swiss_drawing)) {
        EXPECT_EQ(word_in(reader.get(key)), word);
    }
}

TEST_F(TransferProgram, copies_to_a_cache_of_mapcache_and_back) {
    const auto there = transfer({"source.mbtiles", "mapcache.xml#t", "--json"});
    ASSERT_EQ(there.exit_code, 0) << there.err;
    EXPECT_EQ(nlohmann::json::parse(there.out)["tiles"], 19);
    EXPECT_TRUE(fs::exists(folder / "ztop/z2-3-0.sqlite3"));

    const auto back = transfer({"mapcache.xml#t", "back.mbtiles", "--zoom", "0-2"});

    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_THAT(back.out, HasSubstr("back.mbtiles: 19 tiles"));
    EXPECT_EQ(tiles_in("back.mbtiles"), tiles_in("source.mbtiles"));
    EXPECT_THAT(names_below(folder / "state"), testing::ElementsAre("offgrid/"))
        << "the journal is gone";
}

TEST_F(TransferProgram, copies_to_a_pmtiles_file_and_back) {
    const auto there = transfer({"source.mbtiles", "t.pmtiles", "--json"});
    ASSERT_EQ(there.exit_code, 0) << there.err;
    EXPECT_EQ(nlohmann::json::parse(there.out)["tiles"], 19);
    EXPECT_THAT(names_below(folder.path()), testing::Not(testing::Contains(HasSubstr("part"))));

    const auto back = transfer({"t.pmtiles", "back.mbtiles"});
    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_EQ(tiles_in("back.mbtiles"), tiles_in("source.mbtiles"));

    const auto again = transfer({"source.mbtiles", "t.pmtiles"});
    EXPECT_NE(again.exit_code, 0);
    EXPECT_THAT(again.err, HasSubstr("t.pmtiles cannot be written: it exists already"));

    const auto degrees = transfer({"mapcache.xml#degrees", "degrees.pmtiles", "--zoom", "1"});
    EXPECT_NE(degrees.exit_code, 0);
    EXPECT_FALSE(fs::exists(folder / "degrees.pmtiles"));
}

TEST_F(TransferProgram, makes_a_geopackage_and_reads_it_back) {
    const auto there = transfer({"source.mbtiles", "a.gpkg#roads"});
    ASSERT_EQ(there.exit_code, 0) << there.err;
    EXPECT_THAT(there.out, HasSubstr("a.gpkg#roads: 19 tiles"));

    const auto back = transfer({"a.gpkg", "back.mbtiles"});
    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_EQ(tiles_in("back.mbtiles"), tiles_in("source.mbtiles"));

    const auto again = transfer({"source.mbtiles", "a.gpkg#roads"});
    EXPECT_NE(again.exit_code, 0);
    EXPECT_THAT(again.err, HasSubstr("it is there already, and a GeoPackage is built once"));
}

TEST_F(TransferProgram, makes_a_geopackage_that_is_verified_and_counted) {
    ASSERT_EQ(transfer({"source.mbtiles", "a.gpkg", "--zoom", "1-2"}).exit_code, 0);
    const auto check = [&](const std::string& verb) {
        return test::run({program("offgrid-pack"), verb, "a.gpkg"}, options());
    };
    EXPECT_EQ(check("verify").out, "18 tiles in 1 files: sound\n");
    EXPECT_EQ(check("coverage").exit_code, 0);
    {
        sqlite::Db db{folder / "a.gpkg", sqlite::OpenMode::existing};
        db.execute(
            "UPDATE a SET tile_column=9 WHERE zoom_level=2 AND tile_column=0 AND tile_row=0");
    }
    const auto verified = check("verify");
    EXPECT_EQ(verified.exit_code, 3);
    EXPECT_THAT(verified.out, AllOf(HasSubstr("-1/9/0: lies outside the grid"),
                                    HasSubstr("18 tiles in 1 files: 1 problems")));
    EXPECT_EQ(check("coverage").exit_code, 3);
    write_file(folder / "a.gpkg", read_text(folder / "a.gpkg").substr(0, 20'000));
    EXPECT_EQ(check("verify").exit_code, 3) << "it is damaged";
}

TEST_F(TransferProgram, copies_a_box_of_some_zooms) {
    const auto result =
        transfer({"source.mbtiles", "part.mbtiles", "--zoom", "1,2", "--bbox", "1,-85,179,-1"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(tiles_in("part.mbtiles"), draw(R"(z1@1,1: d
                                                z2@2,2: o p / s t)"));
}

TEST_F(TransferProgram, copies_the_tiles_that_meet_a_region) {
    write_file(folder / "region.geojson", R"({"type": "Polygon",
        "coordinates": [[[-179, 80], [-100, 80], [-179, 1], [-179, 80]]]})");
    const auto result = transfer({"source.mbtiles", "part.mbtiles", "--region", "region.geojson"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(tiles_in("part.mbtiles"), draw(R"(z0: w
                                                z1: a
                                                z2: e . / i .)"));
}

TEST_F(TransferProgram, copies_only_what_is_missing) {
    write_mbtiles(folder / "part.mbtiles", draw("z1: older"));
    const auto result =
        transfer({"source.mbtiles", "part.mbtiles", "--zoom", "1", "--missing", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json["tiles"], 3);
    EXPECT_EQ(json["present"], 1);
    EXPECT_EQ(tiles_in("part.mbtiles", 1), draw("z1: older b / c d"));
}

TEST_F(TransferProgram, copies_within_one_file_what_does_not_fit_into_memory_at_once) {
    {
        sqlite::Db db{folder / "both.sqlite3", sqlite::OpenMode::update};
        db.execute(
            "create table tiles(tileset text, grid text, x integer, y integer, z integer,"
            " data blob, dim text, ctime datetime, primary key(tileset,grid,x,y,z,dim));"
            "with recursive n(n) as (values(0) union all select n + 1 from n where n < 223)"
            " insert into tiles select 'a', 'GoogleMapsCompatible', c.n, r.n, 8,"
            " x'89504E470D0A1A0A', '', '2020-02-03' from n c, n r");
    }
    const auto result = transfer({"mapcache.xml#a", "mapcache.xml#b", "--zoom", "8", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(nlohmann::json::parse(result.out)["tiles"], 224 * 224);
    sqlite::Db db{folder / "both.sqlite3", sqlite::OpenMode::shared};
    auto copied = db.prepare("select count(*) from tiles where tileset='b'");
    ASSERT_TRUE(copied.step());
    EXPECT_EQ(copied.integer(0), 224 * 224);
}

TEST_F(TransferProgram, shows_what_it_would_copy) {
    const auto result =
        transfer({"source.mbtiles", "mapcache.xml#t", "--dry-run", "--json", "--zoom", "1-2"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_EQ(json["tiles"], 18);
    EXPECT_EQ(json["zooms"][0]["bytes"], 36);
    EXPECT_FALSE(fs::exists(folder / "ztop"));
}

TEST_F(TransferProgram, logs_tiles_that_fail_and_does_them_again_when_told) {
    Image red{256, 256};
    for (std::size_t i = 0; i < red.rgba.size(); i += 4) {
        red.rgba[i] = red.rgba[i + 3] = 255;
    }
    {
        sqlite::MbtilesWriter writer{
            folder / "mixed.mbtiles", Grid::google_maps_compatible(), {{"format", "png"}}};
        writer.put({1, 0, 0}, Encoder{Encoding::png, 75}.encode(red));
        writer.put({1, 1, 0}, png_bytes("no image"));
        writer.commit();
    }
    const auto first = transfer({"mixed.mbtiles", "out.mbtiles", "--reencode", "jpeg",
                                 "--failed-log", "failed.txt", "--json"});
    EXPECT_EQ(first.exit_code, 3) << first.err;
    EXPECT_EQ(nlohmann::json::parse(first.out)["failed"], 1);
    EXPECT_THAT(first.err, HasSubstr("failed.txt"));
    EXPECT_THAT(read_text(folder / "failed.txt"), testing::StartsWith("1/1/0\t"));

    const auto second =
        transfer({"mixed.mbtiles", "out.mbtiles", "--retry-failed", "failed.txt", "--json"});

    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(nlohmann::json::parse(second.out)["tiles"], 1);
    EXPECT_EQ(tiles_in("out.mbtiles").at({1, 1, 0}), "no image");
}

TEST_F(TransferProgram, copies_to_a_geotiff_and_back) {
    {
        sqlite::MbtilesWriter writer{
            folder / "black.mbtiles", Grid::google_maps_compatible(), {{"format", "jpg"}}};
        for (const TileKey key : {TileKey{1, 0, 0}, TileKey{1, 1, 1}, TileKey{0, 0, 0}}) {
            writer.put(key, Encoder{Encoding::jpeg, 75}.encode(Image{256, 256}));
        }
        writer.commit();
    }
    const auto made = transfer({"black.mbtiles", "black.tif", "--json"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(nlohmann::json::parse(made.out)["tiles"], 3);
    EXPECT_THAT(
        names_below(folder.path()),
        AllOf(testing::Contains("black.tif"), testing::Not(testing::Contains(HasSubstr("part")))));

    const auto again = transfer({"black.mbtiles", "black.tif"});
    EXPECT_NE(again.exit_code, 0);
    EXPECT_THAT(again.err, HasSubstr("black.tif cannot be written: it exists already"));

    const auto back = transfer({"black.tif", "back.mbtiles", "--json"});
    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_EQ(nlohmann::json::parse(back.out)["tiles"], 3);
}

TEST_F(TransferProgram, answers_wrong_use_with_a_cause) {
    write_file(folder / "points.geojson", R"({"type": "Point", "coordinates": [1, 1]})");
    write_file(folder / "text.geojson", "hello");
    struct Case {
        std::vector<std::string> words;
        int exit_code = 0;
        const char* cause = "";
    };
    const Case cases[] = {
        {{"source.mbtiles"}, 2, "DST is required"},
        {{"source.mbtiles", "./source.mbtiles"}, 2, "are both"},
        {{"none.mbtiles", "out.mbtiles"}, 2, "no such file"},
        {{"source.mbtiles", "mapcache.xml#none"}, 2, "no tileset 'none'"},
        {{"source.mbtiles", "mapcache.xml#fixed"}, 1, "read-only"},
        {{"source.mbtiles", "mapcache.xml#degrees"}, 2, "EPSG:3857"},
        {{"source.mbtiles", "out.mbtiles", "--zoom", "9"}, 2, "has zooms 0, 1, 2"},
        {{"source.mbtiles", "out.mbtiles", "--zoom", "3-1"}, 2, "go up"},
        {{"source.mbtiles", "out.mbtiles", "--bbox", "1,2,3"}, 2, "west,south,east,north"},
        {{"source.mbtiles", "out.mbtiles", "--bbox", "10,10,0,0"}, 2, "south 10 is above"},
        {{"source.mbtiles", "mapcache.xml#t", "--grid", "none"}, 2, "no grid 'none'"},
        {{"source.mbtiles", "out.mbtiles", "--rate-limit", "0"}, 2, "more than 0"},
        {{"source.mbtiles", "out.mbtiles", "--dim", "x=1"}, 2, "tileset"},
        {{"source.mbtiles", "out.mbtiles", "--region", "none.geojson"}, 2, "no such file"},
        {{"source.mbtiles", "out.mbtiles", "--region", "text.geojson"}, 1, "text.geojson"},
        {{"source.mbtiles", "out.mbtiles", "--region", "points.geojson"}, 1, "polygons"},
        {{"source.mbtiles", "out.mbtiles", "--retry-failed", "points.geojson"}, 2, "is no tile"},
    };
    for (const auto& [words, exit_code, cause] : cases) {
        const auto result = transfer(words);
        EXPECT_EQ(result.exit_code, exit_code) << cause << ": " << result.err;
        EXPECT_THAT(result.err, HasSubstr(cause));
        EXPECT_FALSE(fs::exists(folder / "out.mbtiles")) << cause;
    }
}

/// A larger source, and a transfer of it that takes long enough to be ended halfway.
class EndedTransfer : public TransferProgram {
protected:
    EndedTransfer() {
        for (std::int64_t i = 0; i < tiles; ++i) {
            pyramid[{6, i / 64, i % 64}] = fmt::format("{}", i);
        }
        write_mbtiles(folder / "large.mbtiles", pyramid);
    }

    /// Ends the transfer with the signal when it has kept a mark.
    int end_halfway(int signal) {
        auto words = command({"large.mbtiles", "out.mbtiles", "--rate-limit", "600"});
        Process process{words, options()};
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (!has_journal() && process.is_running() &&
               std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        const auto code = process.stop(signal);
        said = process.output();
        return code;
    }

    bool has_journal() const {
        const auto journals = folder / "state/offgrid";
        return fs::is_directory(journals) &&
               std::ranges::any_of(fs::directory_iterator{journals}, [](const auto& entry) {
                   return entry.path().extension() == ".journal";
               });
    }

    static constexpr std::int64_t tiles = 4096;
    Pyramid pyramid;
    std::string said;
};

TEST_F(EndedTransfer, goes_on_after_it_was_killed) {
    EXPECT_EQ(end_halfway(SIGKILL), 128 + SIGKILL);

    const auto result = transfer({"large.mbtiles", "out.mbtiles", "--json"});

    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("going on after 6/"));
    const auto json = nlohmann::json::parse(result.out);
    EXPECT_GT(json["tiles_by_former_runs"], 0);
    EXPECT_EQ(json["tiles_by_former_runs"].get<std::int64_t>() + json["tiles"].get<std::int64_t>(),
              tiles);
    EXPECT_EQ(tiles_in("out.mbtiles", 6), pyramid);
}

TEST_F(EndedTransfer, says_how_to_go_on_when_it_is_interrupted) {
    EXPECT_EQ(end_halfway(SIGTERM), 130);
    EXPECT_THAT(said, HasSubstr("the same command goes on"));

    const auto result = transfer({"large.mbtiles", "out.mbtiles", "--json"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(tiles_in("out.mbtiles", 6), pyramid);
}

TEST_F(EndedTransfer, begins_anew_when_the_destination_is_gone) {
    end_halfway(SIGKILL);
    fs::remove(folder / "out.mbtiles");
    fs::remove(folder / "out.mbtiles-journal");

    const auto result = transfer({"large.mbtiles", "out.mbtiles", "--json"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(nlohmann::json::parse(result.out)["tiles"], tiles);
}

}  // namespace
}  // namespace offgrid::test
