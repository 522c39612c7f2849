#include "sync/jobs/change_layer.h"
#include "tests/support/errors.h"
#include "tests/support/grids.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"
#include "tests/sync/rest_desk.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::string_view two_zooms = "z0: top z1: a b / c d";

class ChangeLayer : public testing::Test {
protected:
    void truncate(const TruncatedTiles& tiles, const std::string& layer = "kenya") {
        ReplaceTransaction replace{posix_file_ops(), depot_};
        truncate_layer({replace, posix_file_ops(), depot_, go_on, check_room_}, layer, tiles);
        changes_ = replace.changes();
        replace.commit();
    }

    void merge(std::string_view drawing, ExistingTile existing, Manifest layout = {}) {
        const StagingFolder staging{posix_file_ops(), depot_};
        const auto folder = staging.path() / "package";
        const auto package = write_package(folder, "kenya", drawing, std::move(layout));
        ReplaceTransaction replace{posix_file_ops(), depot_};
        merge_package({replace, posix_file_ops(), depot_, go_on, check_room_}, package, folder,
                      existing);
        changes_ = replace.changes();
        replace.commit();
    }

    std::string words(int z, int side) {
        return RestDesk{folder_.path()}.words("kenya", z, side, side);
    }

    std::map<std::string, std::string> metadata_of(const std::string& name) {
        const auto kenya = depot_.load_current().layers.at("kenya");
        return sqlite::MbtilesFile{depot_.stored_path("kenya", *kenya.find(name))}.metadata();
    }

    std::vector<std::string> changed_names() const {
        std::vector<std::string> names;
        for (const auto& change : changes_) {
            names.push_back(change.name);
        }
        return names;
    }

    TempFolder folder_;
    Depot depot_{folder_ / "depot"};
    std::vector<FileChange> changes_;
    const Checkpoint go_on = [] {};
    std::uint64_t room_ = 1 << 30;
    const CheckRoom check_room_ = [this](std::uint64_t bytes) {
        if (bytes >= room_) {
            throw Error{Errc::no_space, "no room"};
        }
    };
};

TEST_F(ChangeLayer, truncates_some_zooms_and_leaves_the_files_of_others_alone) {
    install(folder_ / "depot", "kenya", two_zooms);

    truncate({.zooms = ZoomSpan{1, 9}});

    EXPECT_EQ(words(0, 1), "top");
    EXPECT_EQ(words(1, 2), ". . / . .");
    EXPECT_EQ(depot_.load_current().layers.at("kenya").files.size(), 1U);
}

TEST_F(ChangeLayer, truncates_within_bounds_and_keeps_what_else_a_file_holds) {
    install(folder_ / "depot", "kenya", "z0: top z1: a b / c d z2: e f g h",
            {.pyramids = {{.min_zoom = 0, .max_zoom = 20, .names = "all.sqlite3"}}});
    const Box north_west{-20037508, 1, -1, 20037508};

    truncate({.zooms = ZoomSpan{1, 2}, .bounds = north_west});

    EXPECT_EQ(words(0, 1), "top");
    EXPECT_EQ(words(1, 2), ". b / c d");
    EXPECT_EQ(RestDesk{folder_.path()}.words("kenya", 2, 4, 1), ". . g h");
    const auto kenya = depot_.load_current().layers.at("kenya");
    const auto& file = *kenya.files.begin();
    EXPECT_EQ(file.tiles, 6);
    sqlite::MbtilesFile tiles{depot_.stored_path("kenya", file)};
    auto images = tiles.db().prepare("SELECT count(*) FROM images");
    EXPECT_TRUE(images.step());
    EXPECT_EQ(images.integer(0), 6) << "what no tile needs is gone from the file";
}

// TR-11
TEST_F(ChangeLayer, truncates_all_and_keeps_the_layer) {
    install(folder_ / "depot", "kenya", two_zooms);

    truncate({});

    EXPECT_EQ(words(0, 1), ".");
    EXPECT_TRUE(depot_.load_current().layers.at("kenya").files.empty());
    truncate({});
    EXPECT_TRUE(changes_.empty());
}

TEST_F(ChangeLayer, truncates_files_of_geowebcache_by_the_rows_of_their_grid) {
    install(folder_ / "depot", "kenya", "z1: a b c d / e f g h", manual_layout());

    truncate({.zooms = ZoomSpan{1, 1}, .bounds = Box{-180, 0, 0, 90}});

    EXPECT_EQ(RestDesk{folder_.path()}.words("kenya", 1, 4, 2), ". . c d / e f g h");
}

TEST_F(ChangeLayer, truncates_no_layer_that_is_not_there) {
    install(folder_ / "depot", "kenya", two_zooms);

    EXPECT_THAT([&] { truncate({}, "congo"); }, throws(Errc::not_found, HasSubstr("congo")));
}

TEST_F(ChangeLayer, merges_what_is_missing_and_touches_no_other_file) {
    install(folder_ / "depot", "kenya", "z0: top z1: a . / . d");

    merge("z0: new z1: new b / . new", ExistingTile::keep);

    EXPECT_EQ(words(0, 1), "top");
    EXPECT_EQ(words(1, 2), "a b / . d");
    EXPECT_THAT(changed_names(), UnorderedElementsAre("z01-1-1.sqlite3"));
}

TEST_F(ChangeLayer, merges_in_place_of_what_is_there) {
    install(folder_ / "depot", "kenya", two_zooms);

    merge("z1: a new", ExistingTile::replace);

    EXPECT_EQ(words(0, 1), "top");
    EXPECT_EQ(words(1, 2), "a new / c d");
    EXPECT_THAT(changed_names(), UnorderedElementsAre("z01-1-1.sqlite3"));
}

TEST_F(ChangeLayer, merges_into_files_that_are_laid_out_otherwise) {
    install(folder_ / "depot", "kenya", "z0: top z1: a b / c d",
            {.pyramids = {{.min_zoom = 0,
                           .max_zoom = 20,
                           .names = "{z}/{x}_{y}.sqlite",
                           .options = {.xcount = 1, .ycount = 250}}}});

    merge("z0: top z1: new . / . new2", ExistingTile::replace);

    EXPECT_EQ(words(1, 2), "new b / c new2");
}

TEST_F(ChangeLayer, merges_whole_files_as_they_were_packed) {
    install(folder_ / "depot", "kenya", "z1: a . / . d");

    merge("z1: . b / . new", ExistingTile::keep);

    EXPECT_EQ(words(1, 2), "a b / . d");
    EXPECT_THAT(changed_names(), UnorderedElementsAre("z01-1-1.sqlite3"));
    EXPECT_EQ(metadata_of("z01-1-1.sqlite3").at("format"), "png");
}

TEST_F(ChangeLayer, makes_files_that_say_what_they_hold) {
    install(folder_ / "depot", "kenya", "z0: top z1: a . / . .",
            {.pyramids = {{.min_zoom = 0,
                           .max_zoom = 20,
                           .names = "{z}/{x}_{y}.sqlite",
                           .options = {.xcount = 1, .ycount = 1}}}});

    merge("z1: . . / . new", ExistingTile::keep);

    const auto metadata = metadata_of(changed_names().front());
    EXPECT_EQ(words(1, 2), "a . / . new");
    EXPECT_EQ(metadata.at("name"), "kenya");
    EXPECT_EQ(metadata.at("format"), "png");
    EXPECT_EQ(metadata.at("minzoom"), "1");
    EXPECT_EQ(metadata.at("maxzoom"), "1");
    EXPECT_THAT(metadata.at("bounds"), testing::StartsWith("0,-85.0511"));
}

TEST_F(ChangeLayer, merges_deeper_zooms_than_the_layer_had) {
    install(folder_ / "depot", "kenya", "z0: top z1: a b / c d",
            {.pyramids = {{.min_zoom = 0, .max_zoom = 1, .names = "all.sqlite3"}}});

    merge("z2: e f", ExistingTile::keep);

    EXPECT_EQ(RestDesk{folder_.path()}.words("kenya", 2, 2, 1), "e f");
    EXPECT_EQ(depot_.load_current().layers.at("kenya").max_zoom, 2);
}

TEST_F(ChangeLayer, merges_nothing_into_another_grid) {
    install(folder_ / "depot", "kenya", "z1: a b c d / e f g h", manual_layout());

    EXPECT_THAT([&] { merge("z0: top", ExistingTile::keep); },
                throws(Errc::unsupported, HasSubstr("is in grid WGS84")));
}

TEST_F(ChangeLayer, merges_nothing_into_another_grid_of_the_same_name) {
    install(folder_ / "depot", "kenya", swiss_drawing, {.grid = swiss_grid()});

    EXPECT_THAT(
        [&] {
            merge(swiss_drawing, ExistingTile::keep,
                  {.grid = swiss_grid(Grid::Origin::bottom_left)});
        },
        throws(Errc::unsupported, HasSubstr("is in grid Swiss")));
}

TEST_F(ChangeLayer, leaves_a_layer_as_it_is_where_its_disk_has_no_room_for_a_changed_file) {
    install(folder_ / "depot", "kenya", two_zooms,
            {.pyramids = {{.min_zoom = 0, .max_zoom = 20, .names = "all.sqlite3"}}});
    const Box north_west{-20037508, 1, -1, 20037508};
    for (const auto room : {std::uint64_t{0}, std::uint64_t{100}}) {  // for no tile; for no file
        SCOPED_TRACE(room);
        room_ = room;

        EXPECT_THAT([&] { merge("z1: new new / new new", ExistingTile::replace); },
                    throws(Errc::no_space, HasSubstr("no room")));
        EXPECT_THAT(
            [&] {
                truncate({.zooms = ZoomSpan{1, 1}, .bounds = north_west});
            },
            throws(Errc::no_space, HasSubstr("no room")));
    }
    EXPECT_EQ(words(1, 2), "a b / c d");
}

}  // namespace
}  // namespace offgrid::test
