#include "sync/jobs/layer_sources.h"
#include "sync/jobs/pack_command.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string of_kenya(const std::string& fields) {
    return R"({"layers": {"kenya": {)" + fields + "}}}";
}

LayerSource kenya(const std::string& fields) {
    return parse_layer_sources(of_kenya(fields), "/srv/maps").at("kenya");
}

TEST(LayerSources, say_what_each_layer_is_packed_from) {
    const auto source = kenya(R"("rasters": ["a.tif", "/b.tif"], "min_zoom": 2, "max_zoom": 9,
        "top": 5, "format": "webp", "as": "ztop", "quality": 80, "bounds": [33, -5, 42, 5],
        "threads": 2, "attribution": "USGS")");

    EXPECT_EQ(source, (LayerSource{.rasters = {"/srv/maps/a.tif", "/b.tif"},
                                   .min_zoom = 2,
                                   .max_zoom = 9,
                                   .top = 5,
                                   .format = "webp",
                                   .quality = 80,
                                   .bounds = Box{33, -5, 42, 5},
                                   .threads = 2,
                                   .attribution = "USGS"}));
}

TEST(LayerSources, need_only_rasters_which_GDAL_may_open_in_its_own_ways) {
    EXPECT_THAT(kenya(R"("rasters": ["../a.tif", "WMS:http://x/"])").rasters,
                ElementsAre("/srv/a.tif", "WMS:http://x/"));
}

TEST(LayerSources, that_are_wrong_are_refused_naming_layer_and_field) {
    const std::pair<std::string, std::string> wrong[] = {
        {R"("max_zoom": 3)", "'rasters' is not a list"},
        {R"("rasters": [])", "'rasters' is not a list"},
        {R"("rasters": "a.tif")", "'rasters' is not a list"},
        {R"("rasters": ["--overwrite:"])", "no file named '--overwrite:'"},
        {R"("rasters": ["a"], "zoom": 3)", "unknown field 'zoom'; known are rasters, min_zoom"},
        {R"("rasters": ["a"], "max_zoom": 31)", "'max_zoom' is not a whole number from 0 to 30"},
        {R"("rasters": ["a"], "max_zoom": "3")", "'max_zoom' is not a whole number"},
        {R"("rasters": ["a"], "min_zoom": 3)", "'min_zoom' needs a 'max_zoom'"},
        {R"("rasters": ["a"], "min_zoom": 3, "max_zoom": 2)", "less than 'min_zoom'"},
        {R"("rasters": ["a"], "top": 4, "max_zoom": 2)", "'top' is deeper"},
        {R"("rasters": ["a"], "format": "gif")", "'format' is not one of jpeg, png, webp, mixed"},
        {R"("rasters": ["a"], "as": "cog")", "'as' is not one of ztop"},
        {R"("rasters": ["a"], "quality": 0)", "'quality' is not a whole number from 1 to 100"},
        {R"("rasters": ["a"], "bounds": [3, 1, 2, 4])", "'bounds' is not [west"},
        {R"("rasters": ["a"], "attribution": 7)", "'attribution' is not a text"},
    };
    for (const auto& [fields, message] : wrong) {
        EXPECT_THAT([&] { kenya(fields); },
                    throws(Errc::invalid_argument,
                           testing::AllOf(HasSubstr("layer 'kenya'"), HasSubstr(message))))
            << fields;
    }
}

TEST(LayerSources, come_from_a_file_that_errors_name) {
    const TempFolder folder;
    write_file(folder / "sources.json", "[]");

    EXPECT_THAT([&] { load_layer_sources(folder / "sources.json"); },
                throws(Errc::invalid_argument, HasSubstr("sources.json: it is not an object")));
}

TEST(PackScope, is_what_a_request_and_the_source_have_in_common) {
    const LayerSource source{.rasters = {"a"}, .min_zoom = 1, .max_zoom = 5};
    const auto scope_for = [&](ZoomSpan zooms) {
        return scope_of(source, {.layer = "kenya", .zooms = zooms});
    };

    EXPECT_EQ(scope_for({0, 3}).zooms, ZoomSpan(1, 3));
    EXPECT_FALSE(scope_for({0, 3}).is_whole);
    EXPECT_TRUE(scope_for({0, 20}).is_whole);
    EXPECT_THAT([&] { scope_for({6, 9}); }, throws(Errc::invalid_argument, HasSubstr("1 to 5")));
}

TEST(PackScope, takes_bounds_in_the_units_of_the_grid) {
    const LayerSource source{.rasters = {"a"}, .bounds = Box{-10, -10, 10, 10}};
    const Box east_of_greenwich{0, -20037508.34, 20037508.34, 20037508.34};

    const auto scope = scope_of(source, {.layer = "kenya", .bounds = east_of_greenwich});

    EXPECT_EQ(scope.bounds, (Box{0, -10, 10, 10}));
    EXPECT_FALSE(scope.is_whole);
    EXPECT_THAT(pack_arguments("kenya", source, scope, "/out"),
                testing::Contains("--bbox=0,-10,10,10"));
}

TEST(PackArguments, hold_every_field_of_the_source) {
    const LayerSource source{.rasters = {"/a.tif"},
                             .max_zoom = 5,
                             .top = 3,
                             .format = "png",
                             .quality = 70,
                             .threads = 2,
                             .attribution = "-me-"};

    EXPECT_THAT(
        pack_arguments("kenya", source, scope_of(source, {.layer = "kenya"}), "/out"),
        ElementsAre("pack", "/a.tif", "--output=/out", "--layer=kenya", "--zoom=0-5", "--top=3",
                    "--format=png", "--quality=70", "--threads=2", "--attribution=-me-"));
}

}  // namespace
}  // namespace offgrid::test
