#include "formats/package/manifest.h"

#include "tests/support/errors.h"
#include "tests/support/grids.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

const std::string some_sha256(64, 'a');

Manifest kenya() {
    return {.layer = "kenya",
            .title = "Kenya",
            .attribution = "us",
            .format = TileFormat::jpeg,
            .min_zoom = 0,
            .max_zoom = 15,
            .bounds = {33.9, -4.7, 41.9, 5.5},
            .pyramids = {{.min_zoom = 0, .max_zoom = 7, .names = "z0-0-0.sqlite3"},
                         {.min_zoom = 8,
                          .max_zoom = 15,
                          .names = "z{top}-{top_x}-{top_y}.sqlite3",
                          .options = {.top = 8, .formats = {{"top", "%02d"}}}}},
            .files = {{"z0-0-0.sqlite3", 10, some_sha256, 0, 7, 12},
                      {"z08-150-128.sqlite3", 20, some_sha256, 8, 15, 34}}};
}

/// The manifest's JSON with one change.
std::string changed(const std::function<void(Json&)>& change) {
    auto json = Json::parse(to_json(kenya()));
    change(json);
    return json.dump();
}

TEST(Manifest, goes_to_json_and_back) {
    EXPECT_EQ(parse_manifest(to_json(kenya())), kenya());
}

TEST(Manifest, is_the_same_json_each_time) {
    EXPECT_EQ(to_json(kenya()), to_json(kenya()));
}

TEST(Manifest, mixed_formats_and_other_grids_survive) {
    auto manifest = kenya();
    manifest.format = std::nullopt;
    for (const auto* const grid : Grid::built_in()) {
        manifest.grid = grid;
        EXPECT_EQ(parse_manifest(to_json(manifest)), manifest);
        EXPECT_EQ(Json::parse(to_json(manifest))["grid"], grid->name());
    }
}

Manifest in_swiss_grid(Grid::Origin origin) {
    auto manifest = kenya();
    manifest.grid = test::swiss_grid(origin);
    manifest.max_zoom = 2;
    manifest.pyramids = {{.min_zoom = 0, .max_zoom = 2, .names = "z0-0-0.sqlite3"}};
    manifest.files = FileList{PackageFile{"z0-0-0.sqlite3", 10, some_sha256, 0, 2, 12}};
    return manifest;
}

TEST(Manifest, a_grid_that_is_not_built_in_is_there_whole) {
    for (const auto origin : {Grid::Origin::top_left, Grid::Origin::bottom_left}) {
        const auto manifest = in_swiss_grid(origin);

        const auto read = parse_manifest(to_json(manifest));

        EXPECT_EQ(read, manifest);
        EXPECT_EQ(*read.grid, *test::swiss_grid(origin));
    }
    EXPECT_FALSE(in_swiss_grid(Grid::Origin::top_left) == in_swiss_grid(Grid::Origin::bottom_left));
}

TEST(Manifest, a_grid_outlives_the_manifest_it_was_read_from) {
    GridRef grid = &Grid::wgs84();
    grid = parse_manifest(to_json(in_swiss_grid(Grid::Origin::top_left))).grid;
    EXPECT_EQ(grid->matrix_height(2), 5);
}

TEST(Manifest, refuses_a_grid_that_nothing_here_has) {
    const auto json = Json::parse(to_json(in_swiss_grid(Grid::Origin::top_left)));
    const auto with = [&](const std::function<void(Json&)>& change) {
        auto changed = json;
        change(changed["grid"]);
        return [text = changed.dump()] { parse_manifest(text); };
    };
    EXPECT_THAT(with([](Json& g) { g = 3; }),
                throws(Errc::corrupt, HasSubstr("bad manifest: 'grid'")));
    EXPECT_THAT(
        with([](Json& g) { g.erase("crs"); }),
        throws(Errc::corrupt, HasSubstr("bad manifest: 'grid': tile matrix set: no field")));
    EXPECT_THAT(with([](Json& g) { g.erase("id"); }), throws(Errc::corrupt, HasSubstr("name ''")));
    EXPECT_THAT(with([](Json& g) { g["id"] = "WGS84"; }),
                throws(Errc::corrupt, HasSubstr("name 'WGS84'")));
    EXPECT_THAT(with([](Json& g) { g["tileMatrices"][2]["tileHeight"] = 128; }),
                throws(Errc::unsupported, HasSubstr("level 2")));
    EXPECT_THAT(with([](Json& g) { g["tileMatrices"].erase(2); }),
                throws(Errc::corrupt, HasSubstr("'zooms'")));
}

TEST(Manifest, is_not_written_with_another_grid_under_the_name_of_a_built_in_one) {
    auto manifest = kenya();
    manifest.grid = GridRef{
        Grid{{.name = "WGS84", .srs = "EPSG:4326", .extent = {0, 0, 1, 1}, .resolutions = {1}}}};
    EXPECT_THAT([&] { to_json(manifest); }, throws(Errc::invalid_argument, HasSubstr("'WGS84'")));
}

TEST(Manifest, finds_files_by_name_and_pyramids_by_zoom) {
    const auto manifest = kenya();
    EXPECT_EQ(manifest.find("z08-150-128.sqlite3")->tiles, 34);
    EXPECT_EQ(manifest.find("z08-150-129.sqlite3"), nullptr);
    EXPECT_EQ(manifest.pyramids_of(7)->names, "z0-0-0.sqlite3");
    EXPECT_EQ(manifest.pyramids_of(16), nullptr);
}

TEST(Manifest, names_what_is_wrong) {
    const std::pair<std::function<void(Json&)>, const char*> cases[] = {
        {[](Json& j) { j = Json::array(); }, "not an object"},
        {[](Json& j) { j.erase("layer"); }, "no field 'layer'"},
        {[](Json& j) { j["layer"] = 7; }, "'layer' is of the wrong type"},
        {[](Json& j) { j["layer"] = "../x"; }, "'../x' cannot be the name of a layer"},
        {[](Json& j) { j["layer"] = ""; }, "cannot be the name of a layer"},
        {[](Json& j) { j["grid"] = "mars"; }, "grid 'mars'"},
        {[](Json& j) { j["format"] = "gif"; }, "format 'gif'"},
        {[](Json& j) {
             j["zooms"] = {0, 31};
         },
         "'zooms'"},
        {[](Json& j) {
             j["zooms"] = {-1, 3};
         },
         "'zooms'"},
        {[](Json& j) {
             j["zooms"] = {5, 3};
         },
         "'zooms'"},
        {[](Json& j) { j["zooms"] = {3}; }, "'zooms'"},
        {[](Json& j) {
             j["bounds"] = {1, 2, 3};
         },
         "'bounds'"},
        {[](Json& j) {
             j["bounds"] = {10, 0, 5, 1};
         },
         "'bounds'"},
        {[](Json& j) {
             j["bounds"] = {-500, 0, 5, 1};
         },
         "'bounds'"},
        {[](Json& j) { j["pyramids"][1]["names"] = "../{top_x}"; }, "leave the package"},
        {[](Json& j) { j["pyramids"][1]["names"] = "/{top_x}"; }, "leave the package"},
        {[](Json& j) { j["pyramids"][1]["top"] = 99; }, "'top'"},
        {[](Json& j) { j["pyramids"][1]["formats"]["top"] = "%s"; }, "not one integer format"},
        {[](Json& j) { j["pyramids"][1]["formats"] = "%s"; }, "'formats' is of the wrong type"},
        {[](Json& j) { j["files"][0]["name"] = "../z0-0-0.sqlite3"; }, "leaves the package"},
        {[](Json& j) { j["files"][0]["name"] = "readme.txt"; }, "name that no pyramid has"},
        {[](Json& j) { j["files"][0]["sha256"] = "abc"; }, "no SHA-256"},
        {[](Json& j) { j["files"][0]["tiles"] = -1; }, "count of tiles"},
        {[](Json& j) { j["files"][0]["bytes"] = "many"; }, "'bytes' is of the wrong type"},
        {[](Json& j) { j["files"][1] = j["files"][0]; }, "is there twice"},
        {[](Json& j) { std::swap(j["files"][0], j["files"][1]); }, "not sorted"},
        {[](Json& j) { j["files"] = 3; }, "'files' is not a list with something in it"},
        {[](Json& j) { j["files"] = Json::array(); }, "'files' is not a list"},
        {[](Json& j) { j["pyramids"] = Json::array(); }, "'pyramids' is not a list"},
        {[](Json& j) { j["pyramids"][1]["names"] = "{dim:time}"; }, "say what no package has"},
        {[](Json& j) { j["pyramids"][1]["names"] = "{z}.{ext}"; }, "say what no package has"},
    };
    for (const auto& [change, why] : cases) {
        EXPECT_THAT([&] { parse_manifest(changed(change)); }, throws(Errc::corrupt, HasSubstr(why)))
            << why;
    }
    EXPECT_THAT([] { parse_manifest("{"); }, throws(Errc::corrupt, HasSubstr("bad manifest")));
    EXPECT_THAT([] { parse_manifest(std::string(100'000, '[')); },
                throws(Errc::corrupt, HasSubstr("bad manifest")));
    EXPECT_THAT([] { parse_manifest(changed([](Json& j) { j["offgrid"] = 2; })); },
                throws(Errc::unsupported, HasSubstr("format version 2")));
}

/// Whoever copies or prints a value walks it by recursion.
TEST(Manifest, refuses_nesting_that_could_exhaust_the_stack) {
    const auto json = to_json(kenya());
    const std::string deep = std::string(300'000, '[') + std::string(300'000, ']');
    for (const auto* field : {"\"pyramids\": ", "\"files\": ", "\"unknown\": "}) {
        auto nested = json;
        nested.insert(nested.find('{') + 1, field + deep + ",");
        EXPECT_THAT([&] { parse_manifest(nested); },
                    throws(Errc::corrupt, HasSubstr("nested too deeply")));
    }
}

TEST(Manifest, knows_names_that_stay_in_their_folder) {
    for (const auto* name :
         {"a", "a/b.sqlite3", "EPSG_4326/sf_restricted/image_png/null/10/t.sqlite", "..a", "a..",
          ".a"}) {
        EXPECT_TRUE(is_contained_name(name)) << name;
    }
    for (const auto* name : {"", "/", "/etc/x", "a//b", "a/", ".", "..", "../x", "a/../x", "a/..",
                             "./a", "a\\b", "..\\x", "C:\\x", "C:x", "c:/x", "a\nb", "a\x7f"}) {
        EXPECT_FALSE(is_contained_name(name)) << name;
    }
    EXPECT_FALSE(is_contained_name(std::string_view{"a\0b", 3}));
    EXPECT_TRUE(is_contained_name(std::string(180, 'a') + "/b"));
    EXPECT_FALSE(is_contained_name(std::string(181, 'a') + "/b"));
    std::string deep = "a";
    while (deep.size() <= 1024) {
        deep += "/a";
    }
    EXPECT_FALSE(is_contained_name(deep));
}

TEST(Manifest, knows_names_of_layers) {
    for (const auto* name : {"kenya", "sf:restricted", "a b", "Москва", ".a", "a@b#c%20"}) {
        EXPECT_TRUE(is_layer_name(name)) << name;
    }
    for (const auto* name : {"", ".", "..", "a/b", "a\\b", "a\tb"}) {
        EXPECT_FALSE(is_layer_name(name)) << name;
    }
}

}  // namespace
}  // namespace offgrid
