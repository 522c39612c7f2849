#include "tests/formats/disk/disk_test.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::DiskTest;
using test::names_below;
using test::png_bytes;
using test::slice_of;
using test::throws;
using test::word_in;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

using DiskWriterTest = DiskTest;

TEST_F(DiskWriterTest, leaves_nothing_but_tiles) {
    const auto options = in(DiskLayout::arcgis);
    put(options, {0, 0, 0}, png_bytes("old"));
    put(options, {0, 0, 0}, png_bytes("new"));
    EXPECT_THAT(names_below(folder_ / "t/GoogleMapsCompatible/L00/R00000000"),
                ElementsAre("C00000000.png"));
}

TEST_F(DiskWriterTest, refuses_tiles_without_content_or_place_and_keeps_the_older_one) {
    const auto options = in(DiskLayout::arcgis);
    put(options, {0, 0, 0}, png_bytes("old"));
    EXPECT_THAT(
        [&] {
            put(options, {0, 0, 0}, {});
        },
        throws(Errc::invalid_argument, HasSubstr("the tile is empty")));
    EXPECT_THAT(
        [&] {
            put(options, {0, 1, 0}, png_bytes("w"));
        },
        throws(Errc::invalid_argument, HasSubstr("no tile 0/1/0")));
    EXPECT_EQ(word_in(DiskReader(options, slice_of()).get({0, 0, 0})), "old");
}

/// The largest size of a file stands in for a full disk: both end a write halfway.
TEST_F(DiskWriterTest, a_full_disk_leaves_the_older_tile_and_nothing_else) {
    const auto options = in(DiskLayout::arcgis);
    DiskWriter writer{options, slice_of(), locker_};
    writer.put({0, 0, 0}, png_bytes("old"));
    const auto before = names_below(folder_.path());

    rlimit unlimited{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    const rlimit limited{100'000, unlimited.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
    EXPECT_THAT(
        [&] {
            writer.put({0, 0, 0}, png_bytes(std::string(200'000, 'x')));
        },
        throws(Errc::no_space, HasSubstr("C00000000.png")));
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    std::signal(SIGXFSZ, handler);

    EXPECT_EQ(names_below(folder_.path()), before);
    EXPECT_EQ(word_in(DiskReader(options, slice_of()).get({0, 0, 0})), "old");
    writer.put({0, 0, 0}, png_bytes("new"));
    EXPECT_EQ(word_in(DiskReader(options, slice_of()).get({0, 0, 0})), "new");
}

TEST_F(DiskWriterTest, a_reader_sees_the_old_tile_or_the_new_one_whole) {
    const auto options = in(DiskLayout::arcgis);
    const std::string old_word(100'000, 'o');
    const std::string new_word(50'000, 'n');
    put(options, {0, 0, 0}, png_bytes(old_word));
    std::atomic<bool> is_done = false;
    std::thread writing{[&] {
        DiskWriter writer{options, slice_of(), locker_};
        for (int i = 0; i < 500; ++i) {
            writer.put({0, 0, 0}, png_bytes(i % 2 == 0 ? new_word : old_word));
        }
        is_done = true;
    }};
    const DiskReader reader{options, slice_of()};
    while (!is_done) {
        const auto word = word_in(reader.get({0, 0, 0}));
        EXPECT_TRUE(word == old_word || word == new_word) << word.size();
    }
    writing.join();
}

TEST_F(DiskWriterTest, tries_again_when_something_else_is_in_the_way_for_a_moment) {
    auto options = in(DiskLayout::arcgis);
    put(options, {0, 0, 0}, png_bytes("old"));
    const auto tile = folder_ / "t/GoogleMapsCompatible/L00/R00000000/C00000000.png";
    fs::remove(tile);
    fs::create_directory(tile);  // a rename over it fails with EISDIR
    EXPECT_THAT(
        [&] {
            put(options, {0, 0, 0}, png_bytes("new"));
        },
        throws(Errc::io, HasSubstr("C00000000.png")));
    options.creation_retry = 1'000'000;
    std::jthread clearing{[&] { fs::remove(tile); }};
    EXPECT_NO_THROW(put(options, {0, 0, 0}, png_bytes("new")));
    clearing.join();
    EXPECT_EQ(word_in(DiskReader(options, slice_of()).get({0, 0, 0})), "new");
}

TEST_F(DiskWriterTest, creates_a_folder_again_that_vanishes_under_it) {
    auto options = in(DiskLayout::arcgis);
    options.creation_retry = 1'000'000;
    std::atomic<bool> is_done = false;
    std::thread removing{[&] {
        while (!is_done) {
            std::error_code ignored;
            fs::remove_all(folder_ / "t", ignored);
        }
    }};
    DiskWriter writer{options, slice_of(), locker_};
    EXPECT_NO_THROW({
        for (std::int64_t i = 0; i < 500; ++i) {
            writer.put({10, i, i}, png_bytes("w"));
        }
    });
    is_done = true;
    removing.join();
}

TEST_F(DiskWriterTest, names_the_path_where_no_folder_can_be_made) {
    write_file(folder_ / "t", "a file where the tileset's folder should be");
    EXPECT_THAT(
        [&] {
            put(in(DiskLayout::arcgis), {0, 0, 0}, png_bytes("w"));
        },
        throws(Errc::not_found, HasSubstr("C00000000.png: Not a directory")));
}

TEST_F(DiskWriterTest, commits_what_is_there_and_what_was_never_there) {
    DiskWriter writer{in(DiskLayout::arcgis), slice_of(), locker_};
    writer.commit();
    writer.put({0, 0, 0}, png_bytes("w"));
    writer.commit();
    auto nowhere = in(DiskLayout::arcgis);
    nowhere.base = folder_ / "nowhere";
    DiskWriter absent{nowhere, slice_of(), locker_};
    absent.erase({0, 0, 0});
    absent.commit();
    EXPECT_FALSE(fs::exists(nowhere.base));
}

}  // namespace
}  // namespace offgrid
