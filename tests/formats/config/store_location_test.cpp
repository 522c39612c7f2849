#include "formats/config/store_location.h"

#include "formats/image/encode.h"
#include "formats/store_types.h"
#include "tests/support/errors.h"
#include "tests/support/grids.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid::config {
namespace {

using test::draw;
using test::png_bytes;
using test::throws;
using test::word_in;
using testing::ElementsAre;
using testing::HasSubstr;

/// Locations in a folder of their own, and what they warn of.
struct Places {
    std::string at(const std::string& name) const { return (folder / name).string(); }

    test::TempFolder folder;
    std::vector<std::string> warnings;
    StoreLocations locations{8,
                             [this](const std::string& message) { warnings.push_back(message); }};
};

TEST(StoreLocations, count_the_rows_of_a_folder_from_the_north_or_from_the_south) {
    Places places;
    for (const auto& [key, file] : {std::pair{"{y}", "1/0/0.png"}, {"{-y}", "1/0/1.png"}}) {
        const auto base = places.at(key + 1);
        const auto location = places.locations.find(base + "/{z}/{x}/" + key + ".png");
        const auto writer = location.open_writer({});
        writer->put({1, 0, 0}, png_bytes("north-west"));
        writer->commit();
        EXPECT_TRUE(std::filesystem::exists(base + "/" + file)) << base;
        EXPECT_EQ(word_in(location.open_reader()->get({1, 0, 0})), "north-west");
    }
}

TEST(StoreLocations, make_and_read_an_mbtiles_file) {
    Places places;
    const auto fresh = places.locations.find(places.at("a.mbtiles"));
    const auto writer = fresh.open_writer({.name = "Roads"});
    writer->put({1, 0, 0}, png_bytes("w"));
    writer->commit();
    const auto known = places.locations.find(places.at("a.mbtiles"));
    EXPECT_EQ(known.info.name, "Roads");
    EXPECT_EQ(word_in(known.open_reader()->get({1, 0, 0})), "w");
}

TEST(StoreLocations, make_and_read_a_pmtiles_file) {
    Places places;
    const auto fresh = places.locations.find(places.at("a.pmtiles"));
    EXPECT_TRUE(fresh.is_built_once);
    const auto writer = fresh.open_writer({.name = "Roads"});
    writer->put({1, 0, 0}, png_bytes("w"));
    writer->commit();
    const auto known = places.locations.find(places.at("a.pmtiles"));
    EXPECT_EQ(known.info.name, "Roads");
    EXPECT_EQ(word_in(known.open_reader()->get({1, 0, 0})), "w");
    EXPECT_FALSE(known.open_writer);
    EXPECT_THAT([&] { places.locations.find(places.at("a.pmtiles"), {.grid = "WGS84"}); },
                throws(Errc::unsupported, HasSubstr("not those of 'WGS84'")));
}

TEST(StoreLocations, make_a_geopackage_once_and_read_it) {
    Places places;
    const auto fresh = places.locations.find(places.at("a.gpkg#roads"));
    EXPECT_TRUE(fresh.is_built_once);
    EXPECT_THAT([&] { fresh.open_reader(); }, throws(Errc::not_found, HasSubstr("a.gpkg")));
    const auto writer = fresh.open_writer({.name = "Roads", .min_zoom = 1, .max_zoom = 1});
    writer->put({1, 0, 0}, png_bytes("w"));
    writer->commit();
    for (const auto* const text : {"a.gpkg", "a.gpkg#roads"}) {
        const auto known = places.locations.find(places.at(text));
        EXPECT_EQ(known.type, "gpkg");
        EXPECT_EQ(known.info.name, "Roads");
        EXPECT_EQ(known.info.max_zoom, 1);
        EXPECT_EQ(known.limits(1).count(), 4);
        EXPECT_EQ(word_in(known.open_reader()->get({1, 0, 0})), "w");
        EXPECT_FALSE(known.open_writer);
        EXPECT_THAT(known.why_read_only, HasSubstr("built once"));
    }
    EXPECT_THAT([&] { places.locations.find(places.at("a.gpkg#rivers")); },
                throws(Errc::not_found, HasSubstr("there are: roads")));
    EXPECT_THAT([&] { places.locations.find(places.at("a.gpkg"), {.grid = "WGS84"}); },
                throws(Errc::not_found, HasSubstr("it is in EPSG:3857, grid 'WGS84'")));
}

TEST(StoreLocations, know_the_grid_of_a_geopackage) {
    Places places;
    const auto fresh = places.locations.find(places.at("a.gpkg"), {.grid = "WGS84"});
    const auto writer = fresh.open_writer({});
    writer->put({0, 1, 0}, png_bytes("east"));
    writer->commit();
    const auto known = places.locations.find(places.at("a.gpkg"));
    EXPECT_EQ(known.info.grid, &Grid::wgs84());
    EXPECT_EQ(word_in(known.open_reader()->get({0, 1, 0})), "east");
}

TEST(StoreLocations, make_and_read_a_geotiff_in_the_grid_that_it_is_cut_as) {
    Places places;
    for (const auto* const built_in : Grid::built_in()) {
        const auto grid = built_in->name();
        const auto size = built_in->tile_size();
        const auto tile = Encoder{Encoding::jpeg, 80}.encode(Image{size, size});
        const auto path = places.at(fmt::format("{}.tif", grid));
        const auto fresh = places.locations.find(path, {.grid = grid});
        EXPECT_EQ(fresh.type, "cog");
        EXPECT_TRUE(fresh.is_built_once);
        EXPECT_THAT([&] { fresh.open_reader(); }, throws(Errc::not_found, HasSubstr(path)));
        const auto writer = fresh.open_writer({});
        writer->put({4, 5, 6}, tile);
        writer->commit();
        const auto known = places.locations.find(path);
        EXPECT_EQ(known.info.grid->name(), grid);
        EXPECT_EQ(known.info.max_zoom, 4);
        EXPECT_EQ(known.open_reader()->get({4, 5, 6})->content, tile);
        EXPECT_FALSE(known.open_writer);
        EXPECT_THAT(known.why_read_only, HasSubstr("built once"));
    }
    test::write_file(places.folder / "no.tif", "II*");
    EXPECT_THAT([&] { places.locations.find(places.at("no.tif")); },
                throws(Errc::corrupt, HasSubstr("is no TIFF file")));
}

TEST(StoreLocations, of_files_that_are_built_once_cannot_erase) {
    for (const auto& type : store_types()) {
        if (type.name == "pmtiles" || type.name == "cog" || type.name == "gpkg") {
            EXPECT_FALSE(type.can_erase) << type.name;
        }
    }
}

TEST(StoreLocations, are_in_the_grid_of_a_package_or_in_one_that_is_known) {
    Places places;
    const auto grid = test::swiss_grid();
    test::write_package(places.folder / "p", "alps", test::swiss_drawing, {.grid = grid});
    const auto package = places.locations.find(places.at("p"));
    EXPECT_EQ(package.info.grid, grid);
    EXPECT_EQ(package.limits(1).count(), 12);
    EXPECT_EQ(word_in(package.open_reader()->get({2, 0, 4})), "s");

    const auto file = places.locations.find(places.at("a.mbtiles"),
                                            {.grid = "Swiss", .known_grid = package.info.grid});
    const auto writer = file.open_writer({});
    writer->put({2, 0, 4}, png_bytes("south"));
    writer->commit();
    const auto pool = sqlite::make_mbtiles_pool(1);
    const auto tile = sqlite::MbtilesReader{places.at("a.mbtiles"), *grid, *pool}.get({2, 0, 4});
    EXPECT_EQ(word_in(tile), "south") << "rows of MBTiles count from the south in any grid";
    EXPECT_EQ(word_in(file.open_reader()->get({2, 0, 4})), "south");
}

TEST(StoreLocations, read_a_package_and_do_not_write_it) {
    Places places;
    test::write_package(places.folder / "p", "roads", "z0: w z1: a b / c d");
    const auto location = places.locations.find(places.at("p"));
    EXPECT_EQ(location.type, "package");
    EXPECT_EQ(word_in(location.open_reader()->get({1, 1, 0})), "b");
    EXPECT_FALSE(location.open_writer);
    EXPECT_EQ(location.why_read_only, "packages are made by pack");
}

/// A configuration with a composite of a multitier: low zooms in one file, high ones by tiers.
std::string config_of(const Places& places) {
    return fmt::format(R"(<mapcache><foo/>
        <cache name="low" type="sqlite3"><dbfile>{0}/low.db</dbfile></cache>
        <cache name="fast" type="disk"><base>{0}/fast</base></cache>
        <cache name="top" type="sqlite3"><dbfile>{0}/z{{top}}-{{top_x}}-{{top_y}}.db</dbfile>
          <top>1</top><retries>1</retries></cache>
        <cache name="tiers" type="multitier"><cache>fast</cache><cache>top</cache></cache>
        <cache name="all" type="composite"><cache max-zoom="0">low</cache>
          <cache min-zoom="1" max-zoom="9">tiers</cache></cache>
        <tileset name="a"><cache>all</cache><grid>g</grid></tileset>
        <tileset name="b"><cache>low</cache><grid>WGS84</grid><read-only>true</read-only></tileset>
        </mapcache>)",
                       places.folder.path().string());
}

TEST(StoreLocations, write_and_read_a_tileset_through_composite_and_multitier_caches) {
    Places places;
    test::write_file(places.folder / "m.xml", config_of(places));
    const auto location = places.locations.find(places.at("m.xml#a"));
    EXPECT_EQ(location.type, "composite");
    const auto writer = location.open_writer({});
    writer->put({0, 0, 0}, png_bytes("low"));
    writer->put({3, 7, 0}, png_bytes("high"));
    EXPECT_THAT(
        [&] {
            writer->put({10, 0, 0}, png_bytes("w"));
        },
        throws(Errc::invalid_argument, "cache 'all' has no cache for zoom 10"));
    writer->commit();

    const auto reader = location.open_reader();
    EXPECT_EQ(word_in(reader->get({0, 0, 0})), "low");
    EXPECT_EQ(word_in(reader->get({3, 7, 0})), "high");
    EXPECT_THAT(
        [&] {
            reader->get({10, 0, 0});
        },
        throws(Errc::not_found, "cache 'all': no cache for zoom 10"));
    EXPECT_TRUE(std::filesystem::exists(places.at("z1-1-1.db")));
    EXPECT_FALSE(std::filesystem::exists(places.at("fast"))) << "reading alone keeps nothing";
    EXPECT_THAT(places.warnings, ElementsAre(HasSubstr("m.xml: not used: unknown element <foo>")));
}

TEST(StoreLocations, write_and_read_a_composite_of_one_tiff_file_for_each_zoom) {
    Places places;
    test::write_file(places.folder / "m.xml", fmt::format(R"(<mapcache>
        <cache name="z0" type="tiff"><template>{0}/z0.tif</template><xcount>1</xcount>
          <ycount>1</ycount></cache>
        <cache name="z1" type="tiff"><template>{0}/z1.tif</template><xcount>2</xcount>
          <ycount>2</ycount></cache>
        <cache name="rest" type="disk"><base>{0}/rest</base></cache>
        <cache name="all" type="composite"><cache max-zoom="0">z0</cache>
          <cache max-zoom="1">z1</cache><cache>rest</cache></cache>
        <tileset name="t"><cache>all</cache><grid>g</grid><format>JPEG</format></tileset>
        </mapcache>)",
                                                          places.folder.path().string()));
    const auto location = places.locations.find(places.at("m.xml"));
    const auto writer = location.open_writer({});
    writer->put({2, 0, 0}, png_bytes("w"));
    writer->commit();
    const auto reader = location.open_reader();
    EXPECT_EQ(word_in(reader->get({2, 0, 0})), "w");
    EXPECT_FALSE(reader->exists({0, 0, 0}));
    EXPECT_FALSE(reader->exists({1, 1, 1}));
}

TEST(StoreLocations, tell_the_tiles_that_may_be_there_from_those_that_should) {
    Places places;
    test::write_file(
        places.folder / "m.xml",
        "<mapcache><cache name='c' type='disk'><base>/t</base></cache><tileset name='t'><cache>c"
        "</cache><grid restricted_extent='100 100 2000 2000'>g</grid></tileset></mapcache>");
    const auto tileset = places.locations.find(places.at("m.xml"));
    EXPECT_EQ(tileset.limits(12).count(), 121) << "as many as MapCache makes";
    EXPECT_EQ(tileset.expected(12).count(), 1);
    const auto file = places.locations.find(places.at("a.mbtiles"));
    EXPECT_EQ(file.limits(1).count(), 4);
    EXPECT_EQ(file.expected(1).count(), 4);
}

TEST(StoreLocations, say_what_there_is_instead) {
    Places places;
    test::write_file(places.folder / "m.xml", config_of(places));
    const auto find = [&](const std::string& text, const LocationOptions& options = {}) {
        return [&places, text, options] { places.locations.find(text, options); };
    };
    EXPECT_THAT(find(places.at("m.xml")),
                throws(Errc::invalid_argument, HasSubstr("#TILESET; there are: a, b")));
    EXPECT_THAT(find(places.at("m.xml#c")),
                throws(Errc::not_found, HasSubstr("no tileset 'c'; there are: a, b")));
    EXPECT_THAT(find(places.at("m.xml#a"), {.grid = "WGS84"}),
                throws(Errc::not_found, "tileset 'a' has no grid 'WGS84'; it has: g"));
    EXPECT_THAT(find(places.at("none")), throws(Errc::not_found, HasSubstr("is no store")));
    EXPECT_THAT(find("/t/{z}/{x}.png"), throws(Errc::invalid_argument, HasSubstr("{y}")));
    EXPECT_THAT(find("/t/{z}/{x}/{y}.png", {.grid = "x"}),
                throws(Errc::not_found,
                       HasSubstr("no grid 'x'; there are: GoogleMapsCompatible, WGS84, ")));
    EXPECT_EQ(places.locations.find(places.at("m.xml#b")).why_read_only,
              "tileset 'b' is read-only");
}

}  // namespace
}  // namespace offgrid::config
