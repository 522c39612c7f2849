#include "tests/formats/disk/disk_test.h"
#include "tests/support/errors.h"
#include "tests/support/store_contract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::DiskTest;
using test::Lockers;
using test::png_bytes;
using test::Pyramid;
using test::slice_of;
using test::TempFolder;
using test::throws;
using test::word_in;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --- The contract, for every layout

template <DiskLayout layout>
struct DiskStore final : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, png_bytes(word));
        }
        writer->commit();
        return reopen();
    }

    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<DiskWriter>(options(), slice_of(), locker);
    }

    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<DiskReader>(options(), slice_of());
    }

    DiskOptions options() const {
        return {.layout = layout,
                .base = folder.path(),
                .path_template = (folder / "{tileset}/{inv_x}/{z}-{y}.{ext}").string()};
    }

    TempFolder folder;
    Lockers locker;
};

using Layouts =
    testing::Types<DiskStore<DiskLayout::tilecache>, DiskStore<DiskLayout::arcgis>,
                   DiskStore<DiskLayout::worldwind>, DiskStore<DiskLayout::by_template>>;

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Disk, StoreContract, offgrid::Layouts);
}  // namespace offgrid::test

namespace offgrid {
namespace {

using DiskReaderTest = DiskTest;

// --- Reading

TEST_F(DiskReaderTest, a_tile_is_as_old_as_its_file) {
    const auto options = in(DiskLayout::arcgis);
    put(options, {0, 0, 0}, png_bytes("w"));
    const timespec times[2] = {{1'000'000'000, 0}, {1'234'567'890, 500'000'000}};
    ASSERT_EQ(::utimensat(AT_FDCWD, first_tile(options).c_str(), times, 0), 0);
    const auto tile = DiskReader{options, slice_of()}.get({0, 0, 0});
    ASSERT_TRUE(tile);
    EXPECT_EQ(tile->modified,
              std::chrono::system_clock::time_point{std::chrono::milliseconds{1'234'567'890'500}});
}

TEST_F(DiskReaderTest, failures_name_the_cache_but_not_those_of_a_visitor) {
    auto options = in(DiskLayout::arcgis);
    options.name = "pictures";
    put(options, {0, 0, 0}, png_bytes("w"));
    const DiskReader reader{options, slice_of()};
    EXPECT_THAT(
        [&] {
            reader.scan({0, 0, 0, 1, 1}, [](const TileKey&, BytesView) {
                throw Error{Errc::no_space, "the other disk is full"};
            });
        },
        throws(Errc::no_space, "the other disk is full"));
    fs::remove(first_tile(options));
    fs::create_directory(first_tile(options));
    EXPECT_THAT(
        [&] {
            reader.get({0, 0, 0});
        },
        throws(Errc::corrupt, HasSubstr("cache 'pictures': ")));
    EXPECT_THAT(
        [&] {
            put(options, {0, 0, 0}, {});
        },
        throws(Errc::invalid_argument, HasSubstr("cache 'pictures': ")));
    options.base.clear();
    EXPECT_THAT([&] { DiskReader(options, slice_of()); },
                throws(Errc::invalid_argument, HasSubstr("cache 'pictures': ")));
}

TEST_F(DiskReaderTest, empty_files_and_links_to_nowhere_are_absent) {
    const auto options = in(DiskLayout::arcgis);
    const DiskReader reader{options, slice_of()};
    const auto path = first_tile(options);
    const auto expect_absent = [&](const char* why) {
        EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt) << why;
        EXPECT_FALSE(reader.exists({0, 0, 0})) << why;
        EXPECT_THAT(listed(options, {0, 0, 0, 1, 1}), IsEmpty()) << why;
        reader.scan({0, 0, 0, 1, 1}, [&](const TileKey&, BytesView) { FAIL() << why; });
        ::unlink(path.c_str());
    };
    expect_absent("no folder");
    write_file(path, "");
    expect_absent("empty, as MapCache leaves a file that it is writing");
    fs::create_symlink("../blanks/gone.png", path);
    expect_absent("a link to nowhere");
    fs::create_symlink(fs::path{path}.filename(), path);
    expect_absent("a link to itself");
    fs::remove_all(fs::path{path}.parent_path());
    write_file(fs::path{path}.parent_path(), "a file where a folder should be");
    expect_absent("below a file");
}

TEST_F(DiskReaderTest, what_stands_in_place_of_a_tile_is_an_error_and_is_not_waited_for) {
    const auto options = in(DiskLayout::arcgis);
    const DiskReader reader{options, slice_of()};
    const auto path = first_tile(options);
    const auto expect_error = [&] {
        const auto error = throws(Errc::corrupt, HasSubstr(path + ": it is no regular file"));
        EXPECT_THAT([&] { reader.get({0, 0, 0}); }, error);
        EXPECT_THAT([&] { reader.exists({0, 0, 0}); }, error);
        EXPECT_THAT([&] { listed(options, {0, 0, 0, 1, 1}); }, error);
    };
    fs::create_directories(path);
    expect_error();
    fs::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    expect_error();
}

TEST_F(DiskReaderTest, a_file_that_is_too_large_for_a_tile_is_refused) {
    const auto options = in(DiskLayout::arcgis);
    write_file(first_tile(options), "sparse");
    fs::resize_file(first_tile(options), std::uint64_t{1} << 40);
    EXPECT_THAT(
        [&] {
            DiskReader(options, slice_of()).get({0, 0, 0});
        },
        throws(Errc::too_large, HasSubstr("1099511627776 bytes")));
}

// --- Scanning

TEST_F(DiskReaderTest, scans_folders_in_the_order_of_their_numbers) {
    const auto options = in(DiskLayout::worldwind);
    for (const std::int64_t x : {0, 3, 9'999, 10'000, 123'456}) {
        put(options, {20, x, 5}, png_bytes("w"));
        put(options, {20, x, 4}, png_bytes("w"));
    }
    const auto keys = listed(options, Grid::google_maps_compatible().whole(20));
    ASSERT_EQ(keys.size(), 10U);
    EXPECT_EQ(keys[0], (TileKey{20, 0, 4}));
    EXPECT_EQ(keys[2], (TileKey{20, 9'999, 4})) << "four digits before five";
    EXPECT_EQ(keys[3], (TileKey{20, 10'000, 4}));
    EXPECT_EQ(keys[5], (TileKey{20, 0, 5})) << "a folder holds one row";
}

TEST_F(DiskReaderTest, scans_pass_over_names_that_are_no_tiles) {
    for (const auto layout : {DiskLayout::tilecache, DiskLayout::arcgis, DiskLayout::worldwind,
                              DiskLayout::by_template}) {
        auto options = in(layout);
        options.base = folder_ / std::to_string(static_cast<int>(layout));
        options.path_template = (options.base / "{z}/{x}_{y}.png").string();
        put(options, {2, 1, 1}, png_bytes("w"));
        put(options, {2, 3, 2}, png_bytes("w"));
        put(options, {3, 5, 5}, png_bytes("another zoom"));
        // Every folder gets what does not belong there.
        std::vector<fs::path> folders{options.base};
        for (const auto& entry : fs::recursive_directory_iterator{options.base}) {
            if (entry.is_directory()) {
                folders.push_back(entry.path());
            }
        }
        for (const auto& path : folders) {
            for (const auto* name : {".offgrid-1-2", "Thumbs.db", "7.png", "99", "099", "C0.png",
                                     "L02.png", "-1_-1.png", "000.png.part", "R0000000G", "9_9.png",
                                     "0009_0009.png", "9223372036854775807_1.png"}) {
                write_file(path / name, "stray");
            }
        }
        EXPECT_THAT(listed(options, Grid::google_maps_compatible().whole(2)),
                    testing::UnorderedElementsAre(TileKey{2, 1, 1}, TileKey{2, 3, 2}))
            << static_cast<int>(layout);
        EXPECT_THAT(listed(options, {2, 2, 0, 4, 4}), ElementsAre(TileKey{2, 3, 2}));
    }
}

TEST_F(DiskReaderTest, scans_only_the_slice_that_was_asked_for) {
    const auto options = in(DiskLayout::arcgis);
    put(options, {1, 0, 0}, png_bytes("2020"), slice_of({{"time", "2020"}}));
    put(options, {1, 0, 0}, png_bytes("2021"), slice_of({{"time", "2021"}}));
    auto by_template = in(DiskLayout::by_template);
    by_template.path_template = (folder_ / "{tileset}{dim}/{z}/{x}/{y}").string();
    put(by_template, {1, 0, 0}, png_bytes("2020"), slice_of({{"time", "2020"}}));
    put(by_template, {1, 1, 1}, png_bytes("2021"), slice_of({{"time", "2021"}}));
    for (const auto& each : {options, by_template}) {
        std::string words;
        DiskReader{each, slice_of({{"time", "2020"}})}.scan(
            Grid::google_maps_compatible().whole(1), [&](const TileKey&, BytesView content) {
                words += word_in(Tile{{content.begin(), content.end()}});
            });
        EXPECT_EQ(words, "2020");
    }
}

TEST_F(DiskReaderTest, does_not_look_into_folders_outside_the_range) {
    const auto options = in(DiskLayout::arcgis);
    put(options, {2, 1, 1}, png_bytes("w"));
    put(options, {2, 1, 3}, png_bytes("w"));
    // A folder in place of a tile is an error for whoever looks at it.
    fs::create_directories(DiskPaths{options, slice_of()}.path_of({2, 2, 3}));
    EXPECT_THAT(listed(options, {2, 0, 0, 4, 3}), ElementsAre(TileKey{2, 1, 1}));
    EXPECT_THROW(listed(options, {2, 0, 0, 4, 4}), Error);
}

TEST_F(DiskReaderTest, scans_a_range_beyond_the_grid_like_the_part_within) {
    const auto options = in(DiskLayout::tilecache);
    put(options, {1, 1, 1}, png_bytes("w"));
    EXPECT_THAT(listed(options, {1, -5, -5, 50, 50}), ElementsAre(TileKey{1, 1, 1}));
    EXPECT_THAT(listed(options, {99, 0, 0, 5, 5}), IsEmpty());
    EXPECT_THAT(listed(options, {-1, 0, 0, 5, 5}), IsEmpty());
}

}  // namespace
}  // namespace offgrid
