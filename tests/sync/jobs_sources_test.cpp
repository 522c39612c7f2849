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

    EXPECT_EQ(source.pack, (PackOptions{.sources = {"/srv/maps/a.tif", "/b.tif"},
                                        .zooms = ZoomSpan{2, 9},
                                        .top = 5,
                                        .encoding = Encoding::webp,
                                        .quality = 80,
                                        .bbox = Box{33, -5, 42, 5},
                                        .threads = 2,
                                        .attribution = "USGS"}));
}

TEST(LayerSources, have_the_members_of_a_job_too) {
    const auto source = kenya(R"("sources": ["a.tif"], "zoom": [2, 9], "bbox": [33, -5, 42, 5],
        "regions": [{"file": "towns.geojson", "zoom": 8}, {"file": "/all.gpkg"}], "buffer": 500,
        "overview": 4, "clip": true, "resampling": "cubic", "gamma": true, "keep-empty": true,
        "format": "webp-lossless", "grid": "WGS84")");

    EXPECT_EQ(source.pack,
              (PackOptions{.sources = {"/srv/maps/a.tif"},
                           .grid = "WGS84",
                           .zooms = ZoomSpan{2, 9},
                           .encoding = Encoding::webp_lossless,
                           .resampling = Resampling::cubic,
                           .light = Light::linear,
                           .keeps_empty = true,
                           .bbox = Box{33, -5, 42, 5},
                           .regions = {{.file = "/srv/maps/towns.geojson", .max_zoom = 8},
                                       {.file = "/all.gpkg", .max_zoom = std::nullopt}},
                           .buffer_m = 500,
                           .overview = 4,
                           .is_clipped = true}));
    EXPECT_EQ(source.grid, GridRef{&Grid::wgs84()});
}

TEST(LayerSources, take_grids_from_files_beside_them) {
    const TempFolder folder;
    write_file(folder / "mapcache.xml", R"(<mapcache><grid name="utm"><srs>EPSG:32637</srs>
        <extent>0 0 1024 1024</extent><size>256 256</size><units>m</units>
        <resolutions>4 2 1</resolutions></grid></mapcache>)");

    const auto sources = parse_layer_sources(
        of_kenya(R"("rasters": ["a.tif"], "grid": "mapcache.xml#utm")"), folder.path());

    EXPECT_EQ(sources.at("kenya").grid->srs(), "EPSG:32637");
    EXPECT_EQ(sources.at("kenya").pack.grid, (folder / "mapcache.xml").string() + "#utm");
}

TEST(LayerSources, need_only_rasters_which_GDAL_may_open_in_its_own_ways) {
    EXPECT_THAT(kenya(R"("rasters": ["../a.tif", "WMS:http://x/"])").pack.sources,
                ElementsAre("/srv/a.tif", "WMS:http://x/"));
}

TEST(LayerSources, that_are_wrong_are_refused_naming_layer_and_field) {
    const std::pair<std::string, std::string> wrong[] = {
        {R"("max_zoom": 3)", "'rasters' is not a list"},
        {R"("rasters": [])", "'rasters' is not a list"},
        {R"("rasters": "a.tif")", "'rasters' is not a list"},
        {R"("rasters": ["--overwrite:"])", "no file named '--overwrite:'"},
        {R"("rasters": ["a"], "sources": ["a"])", "'rasters' and 'sources' say the same"},
        {R"("rasters": ["a"], "max_zoom": 3, "zoom": [0, 3])", "'max_zoom' and 'zoom' say"},
        {R"("rasters": ["a"], "bounds": [1, 2, 3, 4], "bbox": [1, 2, 3, 4])",
         "'bounds' and 'bbox'"},
        {R"("sources": [7])", "'sources' is not a list of texts"},
        {R"("rasters": ["a"], "layer": "b")", "unknown field 'layer'"},
        {R"("rasters": ["a"], "zoom": [3, 2])", "'zoom' is not [MIN, MAX]"},
        {R"("rasters": ["a"], "resampling": "best")", "'resampling' is not one of average, "},
        {R"("rasters": ["a"], "gamma": 2.2)", "'gamma' is not true or false"},
        {R"("rasters": ["a"], "regions": [{"file": ""}])", "no file named ''"},
        {R"("rasters": ["a"], "regions": ["b"])", "'regions' is not a list of objects"},
        {R"("rasters": ["a"], "clip": true)", "--clip and --buffer need a --region"},
        {R"("rasters": ["a"], "grid": "moon")", "'grid': no grid 'moon'; there are: "},
        {R"("rasters": ["a"], "grid": "no.json")", "'grid': "},
        {R"("rasters": ["a"], "threads": 0)", "'threads' is not a whole number from 1 to 256"},
        {R"("rasters": ["a"], "zooms": 3)", "unknown field 'zooms'; known are rasters, min_zoom"},
        {R"("rasters": ["a"], "max_zoom": 31)", "'max_zoom' is not a whole number from 0 to 30"},
        {R"("rasters": ["a"], "max_zoom": "3")", "'max_zoom' is not a whole number"},
        {R"("rasters": ["a"], "min_zoom": 3)", "'min_zoom' needs a 'max_zoom'"},
        {R"("rasters": ["a"], "min_zoom": 3, "max_zoom": 2)", "less than 'min_zoom'"},
        {R"("rasters": ["a"], "top": 4, "max_zoom": 2)", "'top' is deeper"},
        {R"("rasters": ["a"], "format": "gif")",
         "'format' is not one of jpeg, mixed, png, png8, webp"},
        {R"("rasters": ["a"], "as": "cog")", "'as' is not ztop"},
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
    const LayerSource source{.pack = {.sources = {"a"}, .zooms = ZoomSpan{1, 5}}};
    const auto scope_for = [&](ZoomSpan zooms) {
        return scope_of(source, {.layer = "kenya", .zooms = zooms});
    };

    EXPECT_EQ(scope_for({0, 3}).pack.zooms, ZoomSpan(1, 3));
    EXPECT_FALSE(scope_for({0, 3}).is_whole);
    EXPECT_TRUE(scope_for({0, 20}).is_whole);
    EXPECT_THAT([&] { scope_for({6, 9}); }, throws(Errc::invalid_argument, HasSubstr("1 to 5")));
}

TEST(PackScope, takes_bounds_in_the_units_of_the_grid) {
    const LayerSource source{.pack = {.sources = {"a"}, .bbox = Box{-10, -10, 10, 10}}};
    const Box east_of_greenwich{0, -20037508.34, 20037508.34, 20037508.34};

    const auto scope = scope_of(source, {.layer = "kenya", .bounds = east_of_greenwich});

    EXPECT_EQ(scope.pack.bbox, (Box{0, -10, 10, 10}));
    EXPECT_FALSE(scope.is_whole);
}

TEST(PackScope, takes_bounds_in_degrees_where_the_grid_of_the_source_has_them) {
    const auto source =
        kenya(R"("rasters": ["a.tif"], "bounds": [-10, -10, 10, 10], "grid": "WGS84")");
    const auto scope_for = [&](const Box& bounds) {
        return scope_of(source, {.layer = "kenya", .bounds = bounds});
    };

    EXPECT_EQ(scope_for({0, -90, 180, 90}).pack.bbox, (Box{0, -10, 10, 10}));
    EXPECT_TRUE(scope_for({-180, -90, 180, 90}).is_whole);
    EXPECT_THAT(
        [&] {
            scope_for({20, 20, 30, 30});
        },
        throws(Errc::invalid_argument, HasSubstr("nothing of the source")));
}

TEST(PackScope, is_all_of_a_source_in_a_grid_whose_coordinates_only_the_packer_knows) {
    Grid::Definition definition;
    definition.name = "utm";
    definition.srs = "EPSG:32637";
    definition.extent = {0, 0, 1024, 1024};
    definition.resolutions = {4, 2, 1};
    const LayerSource source{.pack = {.sources = {"a"}}, .grid = GridRef{Grid{definition}}};

    const auto scope = scope_of(source, {.layer = "kenya", .bounds = Box{0, 0, 10, 10}});

    EXPECT_EQ(scope.pack.bbox, std::nullopt);
}

TEST(PackScope, takes_the_sides_of_a_box_across_the_antimeridian_that_are_wanted) {
    const LayerSource source{
        .pack = {.sources = {"a"}, .grid = "WGS84", .bbox = Box{170, -5, -170, 5}},
        .grid = &Grid::wgs84()};
    const auto box_for = [&](const Box& bounds) {
        return scope_of(source, {.layer = "fiji", .bounds = bounds}).pack.bbox;
    };

    EXPECT_EQ(box_for({100, -90, 180, 90}), (Box{170, -5, 180, 5}));
    EXPECT_EQ(box_for({-180, -90, -175, 90}), (Box{-180, -5, -175, 5}));
    EXPECT_EQ(box_for({-180, 0, 180, 90}), (Box{170, 0, -170, 5}));
    EXPECT_THAT(
        [&] {
            box_for({0, 0, 10, 10});
        },
        throws(Errc::invalid_argument, HasSubstr("nothing of the source")));
}

TEST(PackScope, leaves_out_the_regions_and_zooms_that_are_not_wanted) {
    const LayerSource source{
        .pack = {.sources = {"a"},
                 .top = 8,
                 .regions = {{.file = "towns", .max_zoom = 12}, {.file = "country", .max_zoom = 9}},
                 .buffer_m = 500,
                 .overview = 4,
                 .is_clipped = true}};
    const auto pack_for = [&](ZoomSpan zooms) {
        return scope_of(source, {.layer = "kenya", .zooms = zooms}).pack;
    };

    const auto deep = pack_for({10, 20});
    EXPECT_EQ(deep.zooms, ZoomSpan(10, 12));
    EXPECT_THAT(deep.regions, ElementsAre(RegionOption{.file = "towns", .max_zoom = 12}));
    EXPECT_EQ(deep.overview, std::nullopt);
    const auto low = pack_for({0, 3});
    EXPECT_EQ(low.zooms, ZoomSpan(0, 3));
    EXPECT_THAT(low.regions, ElementsAre(RegionOption{.file = "towns", .max_zoom = 3},
                                         RegionOption{.file = "country", .max_zoom = 3}));
    EXPECT_EQ(low.overview, 3);
    EXPECT_EQ(low.top, std::nullopt);
    EXPECT_NO_THROW(check(deep));
    EXPECT_TRUE(scope_of(source, {.layer = "kenya", .zooms = ZoomSpan{0, 20}}).is_whole);
}

TEST(PackScope, is_the_overview_alone_where_no_region_has_the_zooms) {
    LayerSource source{.pack = {.sources = {"a"},
                                .zooms = ZoomSpan{0, 12},
                                .regions = {{.file = "towns", .max_zoom = 3}},
                                .overview = 6,
                                .is_clipped = true}};
    const JobRequest request{.layer = "kenya", .zooms = ZoomSpan{5, 9}};

    const auto pack = scope_of(source, request).pack;

    EXPECT_EQ(pack.zooms, ZoomSpan(5, 6));
    EXPECT_NO_THROW(check(pack));
    source.pack.overview.reset();
    EXPECT_THAT([&] { scope_of(source, request); },
                throws(Errc::invalid_argument, HasSubstr("no region of the source has zooms 5")));
}

TEST(PackArguments, name_the_job_and_what_is_no_part_of_it) {
    EXPECT_THAT(pack_arguments("/job.json", "kenya", 2, "/out"),
                ElementsAre("pack", "--job=/job.json", "--output=/out", "--layer=kenya", "--json",
                            "--threads=2"));
}

}  // namespace
}  // namespace offgrid::test
