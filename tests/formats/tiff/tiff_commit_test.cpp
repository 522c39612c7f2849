// What stays, what goes and what is told when writing fails or the power goes.

#include "formats/image/encode.h"
#include "formats/tiff/tiff_store.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/formats/tiff/tiff_test.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::FaultyFileOps;
using test::jpeg_tile;
using test::mercator;
using test::options_in;
using test::slice_of;
using test::throws;
using test::TiffTest;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Gives every lock but those of the resources whose names hold a text.
class SelectiveLocker final : public Locker {
public:
    std::unique_ptr<Lock> lock(std::string_view resource) override {
        if (!busy.empty() && resource.find(busy) != std::string_view::npos) {
            ++refused;
            throw Error{Errc::busy, fmt::format("cannot lock '{}'", resource)};
        }
        return std::make_unique<NoLock>();
    }

    std::string busy{};
    int refused = 0;

private:
    class NoLock final : public Lock {};
};

class TiffCommit : public TiffTest {
protected:
    TiffCommit() { options_ = options_in(folder_, 1); }

    TiffWriter selective_writer() { return TiffWriter{options_, slice_of(mercator()), selective_}; }

    /// Put 3 MB into each of so many files of zoom 6.
    void put_files(TiffWriter& writing, int count) {
        for (int i = 0; i < count; ++i) {
            writing.put({6, i, 0}, large_);
        }
    }

    int count_files(int count) {
        const auto reading = reader();
        int found = 0;
        for (int i = 0; i < count; ++i) {
            found += reading.exists({6, i, 0}) ? 1 : 0;
        }
        return found;
    }

    SelectiveLocker selective_;
    Bytes small_ = jpeg_tile({1, 2, 3});
    Bytes large_ = test::jpeg_with_comment(Bytes(3'000'000, 'x'));
};

TEST_F(TiffCommit, a_busy_file_beyond_what_memory_holds_does_not_stop_the_others) {
    selective_.busy = "/5/0-";
    auto writing = selective_writer();
    writing.put({5, 0, 0}, small_);
    put_files(writing, 40);
    EXPECT_EQ(selective_.refused, 1) << "each attempt may wait for minutes";
    EXPECT_THAT(
        [&] {
            writing.put({5, 0, 0}, large_);
        },
        throws(Errc::busy, AllOf(HasSubstr("cache 'pictures'"), HasSubstr("/5/0-"))));
    EXPECT_THAT([&] { writing.erase({5, 0, 0}); }, throws(Errc::busy, HasSubstr("/5/0-")));
    EXPECT_EQ(selective_.refused, 1);

    selective_.busy = "";
    writing.commit();

    EXPECT_EQ(count_files(40), 40);
    EXPECT_EQ(reader().get({5, 0, 0})->content, small_) << "the one that was refused came later";
}

TEST_F(TiffCommit, a_tile_whose_file_fails_when_it_is_put_is_not_written) {
    auto writing = selective_writer();
    put_files(writing, 11);  // the last that memory holds
    selective_.busy = "/6/10-";
    EXPECT_THAT([&] { writing.put({6, 10, 0}, large_); }, throws(Errc::busy, HasSubstr("/6/10-")));
    selective_.busy = "";
    writing.commit();
    EXPECT_EQ(count_files(11), 11);
}

TEST_F(TiffCommit, keeps_no_more_for_files_that_fail_than_memory_holds) {
    selective_.busy = "/6/";
    auto writing = selective_writer();
    put_files(writing, 60);
    selective_.busy = "";
    EXPECT_THAT([&] { writing.commit(); },
                throws(Errc::busy, AllOf(HasSubstr("files, such as"), HasSubstr("are lost"))));
    EXPECT_GT(count_files(60), 10);
    EXPECT_LE(count_files(60), 22) << "twice 32 MiB";
}

TEST_F(TiffCommit, says_once_what_is_lost_and_keeps_the_tiles_before) {
    store({5, 0, 0}, small_);
    auto writing = selective_writer();
    writing.put({5, 0, 0}, jpeg_tile({200, 2, 3}));
    writing.put({5, 1, 0}, small_);
    selective_.busy = "/5/0-";
    EXPECT_THAT([&] { writing.commit(); },
                throws(Errc::busy, AllOf(HasSubstr("cache 'pictures': the changes to "),
                                         HasSubstr("/5/0-31.tif are lost: cannot lock"))));
    EXPECT_EQ(reader().get({5, 0, 0})->content, small_);
    EXPECT_EQ(reader().get({5, 1, 0})->content, small_) << "the others are published";

    selective_.busy = "";
    writing.commit();
    EXPECT_EQ(reader().get({5, 0, 0})->content, small_) << "told as lost";
}

TEST_F(TiffCommit, tells_of_tiles_that_went_with_a_file_that_was_replaced) {
    auto writing = selective_writer();
    put_files(writing, 12);
    ASSERT_TRUE(fs::remove(folder_ / "6/0-63.tif")) << "written ahead";
    EXPECT_THAT([&] { writing.commit(); },
                throws(Errc::io, AllOf(HasSubstr("/6/0-63.tif are lost"), HasSubstr("replaced"))));
    EXPECT_EQ(count_files(12), 11);
    writing.commit();
}

TEST_F(TiffCommit, refuses_files_with_more_places_than_memory_holds) {
    options_ = options_in(folder_, 200'000);
    auto writing = writer();
    EXPECT_THAT(
        [&] {
            writing.put({20, 0, 0}, small_);
        },
        throws(Errc::invalid_argument,
               HasSubstr("cache 'pictures': 200000 by 200000 tiles a file")));
    writing.put({3, 0, 0}, small_);
    writing.commit();
    EXPECT_TRUE(reader().exists({3, 0, 0})) << "8 by 8";
}

TEST_F(TiffCommit, erasing_from_a_file_that_is_not_there_leaves_its_sampling_open) {
    options_ = options_in(folder_);
    const auto tile = jpeg_tile({200, 30, 40}, JpegColour::ycbcr_444);
    auto writing = writer();
    writing.erase({1, 1, 1});
    writing.put({1, 0, 0}, tile);
    writing.commit();
    EXPECT_EQ(reader().get({1, 0, 0})->content, tile);
}

TEST_F(TiffCommit, a_refused_tile_leaves_the_sampling_of_its_file_open) {
    options_ = options_in(folder_);
    const auto tile = jpeg_tile({200, 30, 40}, JpegColour::ycbcr_444);
    const auto small_image = jpeg_tile({1, 2, 3}, JpegColour::ycbcr_422, 128);
    auto writing = writer();
    EXPECT_THAT(
        [&] {
            writing.put({1, 0, 0}, small_image);
        },
        throws(Errc::invalid_argument, HasSubstr("128 by 128")));
    writing.put({1, 0, 0}, tile);
    writing.commit();
    EXPECT_EQ(reader().get({1, 0, 0})->content, tile);
}

/// Of a classic file, whose offsets have 32 bits.
TEST_F(TiffCommit, a_file_at_its_limit_is_refused_before_anything_is_changed) {
    options_ = options_in(folder_);
    store({1, 0, 0}, small_);
    const auto path = folder_ / "1/0-0.tif";
    constexpr std::uint64_t limit = 0xFFFF'FFFF;
    for (const auto room : {small_.size() - 1, small_.size() + 100}) {  // none for the directory
        fs::resize_file(path, limit - room);                            // sparse
        auto writing = writer();
        writing.put({1, 1, 0}, small_);
        EXPECT_THAT([&] { writing.commit(); },
                    throws(Errc::too_large, AllOf(HasSubstr("are lost"), HasSubstr("4 GiB"))));
        EXPECT_EQ(fs::file_size(path), limit - room);
        EXPECT_EQ(reader().get({1, 0, 0})->content, small_);
        EXPECT_FALSE(reader().exists({1, 1, 0}));
    }
    fs::resize_file(path, limit - small_.size() - 1000);
    store({1, 1, 0}, small_);
    EXPECT_EQ(reader().get({1, 1, 0})->content, small_);
}

// --- Power cuts

class TiffPowerCut : public TiffTest {
protected:
    static std::vector<std::string> names_of(const FaultyFileOps& disk) {
        std::vector<std::string> names;
        for (const auto& step : disk.trace()) {
            names.push_back(step.name);
        }
        return names;
    }

    Bytes old_ = jpeg_tile({1, 2, 3});
    Bytes new_ = jpeg_tile({200, 2, 3});
};

TEST_F(TiffPowerCut, a_new_file_is_durable_with_its_name) {
    fs::create_directories(folder_ / "1");
    FaultyFileOps disk{[](auto, int, std::string_view) {}};
    TiffWriter writing{options_, slice_of(mercator()), locker_, disk};
    writing.put({1, 0, 0}, new_);
    writing.commit();
    EXPECT_THAT(names_of(disk),
                ElementsAre("create_directories", "remove_all", "create", "append", "append",
                            "sync", "rename", "sync_directory", "sync_file", "sync_file"));
    EXPECT_EQ(disk.trace()[7].path, folder_ / "1");
}

TEST_F(TiffPowerCut, a_commit_is_durable_when_it_returns_and_not_visible_before_its_tiles_are) {
    store({1, 0, 0}, old_);
    std::vector<Bytes> seen;
    FaultyFileOps disk{[&](auto, int, std::string_view name) {
        if (name == "sync_file") {
            seen.push_back(reader().get({1, 0, 0})->content);
        }
    }};
    TiffWriter writing{options_, slice_of(mercator()), locker_, disk};
    writing.put({1, 0, 0}, new_);
    writing.commit();
    EXPECT_THAT(seen, ElementsAre(old_, old_, new_, new_)) << "before and after each sync";
}

TEST_F(TiffPowerCut, leaves_the_old_tile_or_the_new_one_wherever_it_stops) {
    for (int stop = 1; stop <= 2; ++stop) {
        for (const auto moment : {FaultyFileOps::When::before, FaultyFileOps::When::after}) {
            options_ = options_in(folder_);
            store({1, 0, 0}, old_);
            store({1, 1, 0}, old_);
            FaultyFileOps disk{[&](FaultyFileOps::When when, int step, std::string_view) {
                if (step == stop && when == moment) {
                    throw Error{Errc::io, "no power"};
                }
            }};
            TiffWriter writing{options_, slice_of(mercator()), locker_, disk};
            writing.put({1, 0, 0}, new_);
            EXPECT_THAT([&] { writing.commit(); }, throws(Errc::io, HasSubstr("are lost")));
            EXPECT_EQ(reader().get({1, 0, 0})->content, stop == 1 ? old_ : new_);
            EXPECT_EQ(reader().get({1, 1, 0})->content, old_);
            store({1, 1, 1}, new_);  // the next writer goes on
            EXPECT_EQ(reader().get({1, 1, 1})->content, new_);
            fs::remove_all(folder_ / "1");
        }
    }
}

}  // namespace
}  // namespace offgrid
