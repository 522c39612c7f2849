#include "formats/gwc/file_jobs.h"
#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"

#include <gmock/gmock.h>

namespace offgrid::gwc {
namespace {

using sqlite::execute;
using sqlite::rows;
using test::throws;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Tiles of asia in three grid sets, of africa, america and europe.
void fill(TestStore& store) {
    for (const auto* grid : {"grid1", "grid2", "grid3"}) {
        store.put(png_of("asia", grid), {10, 50, 5}, "asia");
    }
    store.put(png_of("asia", "grid3"), {10, 550, 5}, "asia");
    store.put(png_of("africa", "grid1"), {10, 50, 5}, "africa");
    store.put(png_of("america", "grid1"), {10, 50, 5}, "america");
    store.put(png_of("america", "grid2"), {10, 50, 5}, "america");
    store.put(png_of("europe", "grid1"), {10, 50, 5}, "europe");
}

// TR-01
TEST(BlobRemoval, of_layers_leaves_the_others) {
    TestStore store;
    fill(store);
    EXPECT_EQ(store.store().remove_layer("asia"), (Removed{.files = 4}));
    EXPECT_EQ(store.store().remove_layer("europe"), (Removed{.files = 1}));
    EXPECT_EQ(store.store().remove_layer("europe"), Removed{});
    EXPECT_THAT(store.files_there(), SizeIs(3));
    EXPECT_EQ(store.get(png_of("africa", "grid1"), {10, 50, 5}), "africa");
    EXPECT_EQ(store.get(png_of("america", "grid2"), {10, 50, 5}), "america");
    EXPECT_EQ(store.get(png_of("asia", "grid1"), {10, 50, 5}), std::nullopt);
    EXPECT_FALSE(store.has("grid3")) << "an empty folder";
}

// TR-01
TEST(BlobRemoval, of_grid_sets_leaves_the_others) {
    TestStore store;
    fill(store);
    EXPECT_EQ(store.store().remove_grid_set("asia", "grid3"), (Removed{.files = 2}));
    EXPECT_EQ(store.store().remove_grid_set("america", "grid2"), (Removed{.files = 1}));
    EXPECT_THAT(store.files_there(), SizeIs(5));
    EXPECT_EQ(store.get(png_of("asia", "grid2"), {10, 50, 5}), "asia");
    EXPECT_EQ(store.get(png_of("america", "grid1"), {10, 50, 5}), "america");
}

// TR-01
TEST(BlobRemoval, of_ranges_takes_files_whole_when_it_is_eager) {
    TestStore store;
    store.options.eager_delete = true;
    const auto asia = png_of("asia");
    for (const SouthTile& tile :
         {SouthTile{10, 5, 495}, {10, 5, 500}, {10, 505, 495}, {10, 505, 500}, {11, 1000, 1010}}) {
        store.put(asia, tile, "x");
    }
    store.store().remove_range(asia, {{10, 0, 490, 10, 500}, {11, 800, 950, 1005, 1020}});
    EXPECT_THAT(store.files_there(),
                ElementsAre("EPSG_4326/asia/image_png/10/tiles-500-0.sqlite",
                            "EPSG_4326/asia/image_png/10/tiles-500-500.sqlite"));
}

// TR-01
TEST(BlobRemoval, knows_whether_a_layer_exists) {
    TestStore store;
    store.put(png_of("europe"), {0, 0, 0}, "x");
    EXPECT_TRUE(store.store().layer_exists("europe"));
    EXPECT_FALSE(store.store().layer_exists("asia"));
    EXPECT_FALSE(store.store().layer_exists("europ"));
}

// TR-01
TEST(BlobRemoval, of_parameters_leaves_other_sets_and_none) {
    TestStore store;
    store.options.template_path = "{grid}/{layer}/{params}/{format}/{z}/tiles-{x}-{y}.sqlite";
    const auto with = [](const char* value) {
        return png_of("testLayer", "testGridSet", {{"testKey", value}});
    };
    store.put(with("testValue1"), {0, 0, 0}, "1");
    store.put(with("testValue2"), {0, 0, 0}, "2");
    store.put(png_of("testLayer", "testGridSet"), {0, 0, 0}, "none");
    EXPECT_EQ(
        store.store().remove_parameters("testLayer", parameters_id({{"testKey", "testValue1"}})),
        (Removed{.files = 1}));
    EXPECT_EQ(store.get(with("testValue1"), {0, 0, 0}), std::nullopt);
    EXPECT_EQ(store.get(with("testValue2"), {0, 0, 0}), "2");
    EXPECT_EQ(store.get(png_of("testLayer", "testGridSet"), {0, 0, 0}), "none");
    EXPECT_THAT(store.store().metadata().parameter_sets("testLayer"), SizeIs(1));
}

// TR-01
TEST(BlobRemoval, of_orphans_keeps_what_is_accepted_and_the_default) {
    TestStore store;
    store.options.template_path = "{layer}/{params}/{z}.sqlite";
    for (const auto* style : {"old", "new"}) {
        store.put(png_of("a", "g", {{"STYLES", style}}), {0, 0, 0}, style);
    }
    store.put(png_of("a", "g"), {0, 0, 0}, "default");
    EXPECT_EQ(store.store().purge_orphans(
                  "a", [](const Parameters& p) { return p.at("STYLES") == "new"; }),
              (Removed{.files = 1}));
    EXPECT_EQ(store.get(png_of("a", "g", {{"STYLES", "old"}}), {0, 0, 0}), std::nullopt);
    EXPECT_EQ(store.get(png_of("a", "g", {{"STYLES", "new"}}), {0, 0, 0}), "new");
    EXPECT_EQ(store.get(png_of("a", "g"), {0, 0, 0}), "default");
}

// TR-02
TEST(BlobRemoval, of_a_range_removes_its_tiles_and_their_times_only) {
    TestStore store;
    const auto africa = png_of("africa");
    store.put(africa, {10, 3, 12}, "in it");
    store.put(africa, {10, 3, 20}, "beside it");
    store.put(africa, {10, 510, 550}, "far away");
    EXPECT_EQ(store.store().remove_range(africa, {{10, 0, 10, 5, 15}}), (Removed{.tiles = 1}));
    EXPECT_EQ(store.get(africa, {10, 3, 12}), std::nullopt);
    EXPECT_EQ(store.get(africa, {10, 3, 20}), "beside it");
    EXPECT_EQ(store.get(africa, {10, 510, 550}), "far away");
    EXPECT_THAT(rows(store.file("EPSG_4326/africa/image_png/10/tiles-0-0.sqlite"),
                     "SELECT tile_row FROM tiles_metadata"),
                ElementsAre("20"));
    EXPECT_THAT(store.files_there(), SizeIs(2));
}

// TR-03 TR-04
TEST(BlobRemoval, finds_names_with_colons_and_blanks) {
    TestStore store;
    store.options.template_path = "{layer}/{grid}{format}{params}/{z}_{x}_{y}.sqlite";
    store.put(png_of("topp:states", "EPSG:4326"), {0, 0, 0}, "x");
    store.put(png_of("topp:states", "EPSG:43"), {0, 0, 0}, "another grid set");
    store.put(png_of("topp:states", "my grid"), {0, 0, 0}, "x");
    EXPECT_EQ(store.store().remove_grid_set("topp:states", "EPSG:43"), (Removed{.files = 1}));
    EXPECT_EQ(store.get(png_of("topp:states", "EPSG:4326"), {0, 0, 0}), "x");
    EXPECT_EQ(store.store().remove_grid_set("topp:states", "EPSG:4326"), (Removed{.files = 1}));
    EXPECT_EQ(store.get(png_of("topp:states", "my grid"), {0, 0, 0}), "x");
    EXPECT_EQ(store.store().remove_layer("topp:states"), (Removed{.files = 1}));
    EXPECT_THAT(store.files_there(), IsEmpty());
}

// TR-05
TEST(BlobRemoval, takes_no_name_for_a_pattern) {
    TestStore store;
    for (const auto* layer : {"a.b", "aXb", "a*"}) {
        store.put(png_of(layer), {0, 0, 0}, layer);
    }
    EXPECT_EQ(store.store().remove_layer("a.b"), (Removed{.files = 1}));
    EXPECT_EQ(store.store().remove_layer("a.*"), Removed{});
    EXPECT_EQ(store.store().remove_layer("a*"), (Removed{.files = 1}));
    EXPECT_EQ(store.get(png_of("aXb"), {0, 0, 0}), "aXb");
}

TEST(BlobRemoval, gives_a_name_to_the_longest_layer_that_is_configured) {
    TestStore store;
    store.options.template_path = "{layer}_{grid}/{z}.sqlite";
    store.options.known_layers = {"a", "a_b"};
    store.put(png_of("a", "c"), {0, 0, 0}, "a");
    store.put(png_of("a_b", "c"), {0, 0, 0}, "a_b");
    EXPECT_EQ(store.store().remove_layer("a"), (Removed{.files = 1}));
    EXPECT_EQ(store.get(png_of("a_b", "c"), {0, 0, 0}), "a_b");
}

TEST(BlobRemoval, takes_no_rest_of_a_name_for_a_grid_set_that_nobody_configured) {
    TestStore store;
    store.options.template_path = "{layer}_{grid}/{z}.sqlite";
    store.options.known_layers = {"a"};
    store.options.known_grid_sets = {"c"};
    store.put(png_of("a", "c"), {0, 0, 0}, "a");
    store.put(png_of("a_b", "c"), {0, 0, 0}, "a_b");
    EXPECT_EQ(store.store().remove_layer("a"), (Removed{.files = 1}));
    EXPECT_EQ(store.get(png_of("a_b", "c"), {0, 0, 0}), "a_b");
}

// TR-06
TEST(BlobRemoval, is_refused_where_files_are_not_of_one_layer) {
    TestStore store;
    store.options.template_path = "{z}.sqlite";
    store.put(png_of("a", "g", {{"K", "v"}}), {0, 0, 0}, "x");
    auto& blobs = store.store();
    for (const auto& remove : std::vector<std::function<void()>>{
             [&] { blobs.remove_layer("a"); }, [&] { blobs.remove_grid_set("a", "g"); },
             [&] { blobs.remove_parameters("a", ""); }, [&] { blobs.rename_layer("a", "b"); }}) {
        EXPECT_THAT(remove, throws(Errc::unsupported, HasSubstr("'{z}.sqlite'")));
    }
    EXPECT_EQ(store.get(png_of("a", "g", {{"K", "v"}}), {0, 0, 0}), "x");
    EXPECT_TRUE(store.has("metadata.sqlite"));
}

// TR-06
TEST(BlobRemoval, never_touches_what_is_no_file_of_tiles) {
    TestStore store;
    store.options.template_path = "{layer}.sqlite";
    store.put(png_of("a", "g", {{"K", "v"}}), {0, 0, 0}, "x");
    test::write_file(store.file("a.sqlite.txt"), "note");
    EXPECT_EQ(store.store().remove_layer("metadata"), Removed{});
    EXPECT_EQ(store.store().remove_layer("a"), (Removed{.files = 1}));
    EXPECT_TRUE(store.has("metadata.sqlite"));
    EXPECT_TRUE(store.has("a.sqlite.txt"));
}

TEST(BlobRemoval, follows_no_link_out_of_the_root) {
    TestStore store;
    store.options.template_path = "{layer}/{z}.sqlite";
    store.put(png_of("a"), {0, 0, 0}, "x");
    const test::TempFolder outside;
    test::write_file(outside / "0.sqlite", "outside");
    std::filesystem::create_directory_symlink(outside.path(), store.file("b"));
    EXPECT_EQ(store.store().remove_layer("b"), Removed{});
    EXPECT_EQ(test::read_text(outside / "0.sqlite"), "outside");
}

// TR-07
TEST(BlobRemoval, keeps_tiles_outside_of_the_range_even_when_it_is_eager) {
    TestStore store;
    store.options.eager_delete = true;
    const auto africa = png_of("africa");
    store.put(africa, {10, 3, 12}, "in it");
    store.put(africa, {10, 3, 20}, "beside it");
    EXPECT_EQ(store.store().remove_range(africa, {{10, 0, 10, 5, 15}}), (Removed{.tiles = 1}));
    EXPECT_EQ(store.get(africa, {10, 3, 20}), "beside it");
    EXPECT_EQ(store.store().remove_range(africa, {{10, 0, 0, 499, 499}}), (Removed{.files = 1}));
    EXPECT_THAT(store.files_there(), IsEmpty());
}

TEST(BlobRemoval, walks_the_folders_for_a_range_of_more_files_than_there_can_be) {
    TestStore store;
    store.options.row_range_count = 1;
    store.options.column_range_count = 1;
    const auto africa = png_of("africa");
    store.put(africa, {10, 3, 12}, "in it");
    store.put(africa, {11, 3, 12}, "other zoom");
    const std::int64_t far = std::int64_t{1} << 40;
    EXPECT_EQ(store.store().remove_range(africa, {{10, 0, 0, far, far}}), (Removed{.tiles = 1}));
    EXPECT_EQ(store.get(africa, {11, 3, 12}), "other zoom");
}

// RG-04
TEST(BlobRemoval, of_zooms_in_one_file_is_done_when_it_returns) {
    TestStore store;
    store.options.template_path = "{layer}.sqlite";
    const auto africa = png_of("africa");
    std::vector<SouthRange> ranges;
    for (int z = 0; z < 20; ++z) {
        store.put(africa, {z, 3, 12}, "x");
        ranges.push_back({z, 0, 0, 10, 20});
    }
    EXPECT_EQ(store.store().remove_range(africa, ranges), (Removed{.tiles = 20}));
    EXPECT_THAT(rows(store.file("africa.sqlite"), "SELECT count(*) FROM tiles"), ElementsAre("0"));
}

// RG-04
TEST(BlobRemoval, of_a_range_tries_every_file_and_tells_of_one_that_is_damaged) {
    TestStore store;
    const auto africa = png_of("africa");
    for (const std::int64_t x : {0, 500, 1000}) {
        store.put(africa, {10, x, 0}, "x");
    }
    test::write_file(store.file("EPSG_4326/africa/image_png/10/tiles-500-0.sqlite"),
                     std::string(4096, 'x'));
    EXPECT_THAT(
        [&] {
            store.store().remove_range(africa, {{10, 0, 0, 1200, 0}});
        },
        throws(Errc::corrupt, HasSubstr("tiles-500-0.sqlite")));
    EXPECT_EQ(store.get(africa, {10, 0, 0}), std::nullopt);
    EXPECT_EQ(store.get(africa, {10, 1000, 0}), std::nullopt);
}

TEST(FileJobs, stop_at_the_first_failure_where_that_is_wanted) {
    const std::vector<int> items(1000, 1);
    std::atomic<int> done = 0;
    const auto work = [&](int) {
        ++done;
        throw Error{Errc::io, "broken"};
    };
    EXPECT_THROW(for_each_file(4, items, OnFailure::stop, work), Error);
    EXPECT_LE(done, 8);
    done = 0;
    EXPECT_THROW(for_each_file(4, items, OnFailure::go_on, work), Error);
    EXPECT_EQ(done, 1000);
}

// TR-10
TEST(BlobRemoval, that_fails_at_any_step_leaves_all_files_or_none) {
    for (int broken = 1;; ++broken) {
        TestStore store;
        fill(store);
        store.reopen();
        test::FaultyFileOps files{[&](test::FaultyFileOps::When when, int step, std::string_view) {
            if (when == test::FaultyFileOps::When::before && step == broken) {
                throw Error{Errc::io, "broken"};
            }
        }};
        store.files = &files;
        bool has_failed = false;
        try {
            store.store().remove_layer("asia");
        } catch (const Error&) {
            has_failed = true;
        }
        EXPECT_THAT(store.files_there().size(), testing::AnyOf(4U, 8U)) << broken;
        if (!has_failed && files.steps_taken() < broken) {
            EXPECT_GT(broken, 8);
            return;
        }
    }
}

// TR-11
TEST(BlobRemoval, of_every_grid_set_of_a_layer_leaves_no_tile_of_it) {
    TestStore store;
    store.options.template_path = "{layer}/{grid}{format}{params}/{z}_{x}_{y}.sqlite";
    for (const auto* grid : {"EPSG:4326", "EPSG:900913"}) {
        store.put(png_of("a", grid), {0, 0, 0}, "x");
        store.put({"a", grid, "image/jpeg", {{"STYLES", "s"}}}, {0, 0, 0}, "x");
    }
    for (const auto* grid : {"EPSG:4326", "EPSG:900913"}) {
        EXPECT_EQ(store.store().remove_grid_set("a", grid), (Removed{.files = 2}));
    }
    EXPECT_THAT(store.files_there(), IsEmpty());
}

TEST(BlobRemoval, lets_a_reader_finish_and_shows_it_what_comes_after) {
    TestStore store;
    const auto africa = png_of("africa");
    store.put(africa, {5, 10, 50}, "before");
    const auto reader = store.store().open_reader(africa, {.grid = &wide_grid()});
    const TileKey key{5, 10, 20'000 - 1 - 50};
    EXPECT_TRUE(reader->get(key));
    store.store().remove_layer("africa");
    EXPECT_FALSE(reader->get(key));
    store.put(africa, {5, 10, 50}, "after");
    EXPECT_EQ(as_text(reader->get(key)->content), "after");
}

}  // namespace
}  // namespace offgrid::gwc
