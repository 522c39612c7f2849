// A pack that ends before its end, and goes on.

#include "pack/pack.h"
#include "pack/pyramid_journal.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

/// Eight pyramids of zooms 7 to 9, with a transparent corner.
Raster eight_pyramids() {
    auto raster = raster_on({9, 256, 240, 272, 248});
    raster.bands = 4;
    raster.has_alpha = true;
    raster.value = [](int x, int y, int band) {
        return band == 4 ? (x < 300 && y < 300 ? 0 : 255) : (x * band + y * 3) % 256;
    };
    return raster;
}

class ResumedPack : public testing::Test {
protected:
    ResumedPack() : source_{write_tiff(folder_ / "a.tif", eight_pyramids())} {
        auto whole = options();
        whole.output = folder_ / "whole";
        pack_quietly(whole);
    }

    PackOptions options() const {
        return {.sources = {source_}, .output = folder_ / "out", .layer = "map", .top = 7};
    }

    PackOptions resumed() const {
        auto resumed = options();
        resumed.resume = Resume::yes;
        return resumed;
    }

    /// Pack until so many pyramids are in the journal, and give up then.
    void interrupt_after(std::size_t pyramids, const PackOptions& options) const {
        std::atomic<bool> is_stopped{false};
        const PackContext context{
            .files = posix_file_ops(),
            .is_stopped = is_stopped,
            .report = [&](const PackProgress&) { is_stopped = files().size() >= pyramids; }};
        EXPECT_THAT([&] { pack(options, context); },
                    throws(Errc::interrupted, HasSubstr("--resume")));
        ASSERT_GE(files().size(), pyramids);
    }

    /// The finished files by name, and which they are on the disk.
    std::map<std::string, ino_t> files() const {
        std::map<std::string, ino_t> files;
        std::error_code none;
        for (const auto& entry : fs::directory_iterator{package_, none}) {
            struct stat status {};
            if (entry.path().extension() == ".mbtiles" &&
                ::stat(entry.path().c_str(), &status) == 0) {
                files.emplace(entry.path().filename().string(), status.st_ino);
            }
        }
        return files;
    }

    void expect_whole() const {
        EXPECT_TRUE(contents(folder_ / "out") == contents(folder_ / "whole"))
            << testing::PrintToString(names_below(folder_ / "out"));
        EXPECT_FALSE(fs::exists(partial_));
    }

    TempFolder folder_;
    fs::path partial_{folder_ / ".out.partial"};
    fs::path package_{partial_ / "package"};
    std::string source_;
};

TEST_F(ResumedPack, goes_on_after_an_interrupt_and_keeps_what_is_finished) {
    interrupt_after(3, options());
    const auto kept = files();

    pack_quietly(resumed());

    expect_whole();
    for (const auto& [name, inode] : kept) {
        struct stat status {};
        ASSERT_EQ(::stat((folder_ / "out" / name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_ino, inode) << name << " was made again";
    }
}

TEST_F(ResumedPack, goes_on_as_often_as_it_must) {
    interrupt_after(1, options());
    for (std::size_t pyramids = 2; pyramids < 6; ++pyramids) {
        interrupt_after(pyramids, resumed());
    }

    pack_quietly(resumed());

    expect_whole();
}

TEST_F(ResumedPack, begins_where_there_is_nothing_to_go_on_with) {
    pack_quietly(resumed());

    expect_whole();
}

TEST_F(ResumedPack, is_not_done_unasked) {
    interrupt_after(3, options());
    fs::remove(package_ / files().begin()->first);  // would be missed

    pack_quietly(options());

    expect_whole();
}

TEST_F(ResumedPack, makes_a_file_again_that_is_missing_or_cut) {
    interrupt_after(3, options());
    const auto kept = files();
    auto file = kept.begin();
    fs::remove(package_ / file->first);
    ++file;
    fs::resize_file(package_ / file->first, 4096);

    pack_quietly(resumed());

    expect_whole();
}

TEST_F(ResumedPack, sweeps_what_is_not_finished) {
    interrupt_after(2, options());
    write_file(package_ / "z07-9-9.mbtiles", "not ours");
    write_file(package_ / "z07-64-60.mbtiles.part", "half");

    pack_quietly(resumed());

    expect_whole();
}

TEST_F(ResumedPack, refuses_other_options_and_changed_sources) {
    interrupt_after(2, options());
    auto other = resumed();
    other.quality = 50;

    EXPECT_THAT([&] { pack_quietly(other); },
                throws(Errc::invalid_argument, HasSubstr("other options")));

    fs::last_write_time(source_, fs::file_time_type::clock::now() + std::chrono::hours{1});
    EXPECT_THAT([&] { pack_quietly(resumed()); },
                throws(Errc::invalid_argument, HasSubstr("other sources")));
    EXPECT_FALSE(files().empty()) << "a refusal costs nothing that is finished";
}

TEST_F(ResumedPack, takes_another_number_of_threads) {
    auto one = options();
    one.threads = 1;
    interrupt_after(2, one);
    auto four = resumed();
    four.threads = 4;

    pack_quietly(four);

    expect_whole();
}

TEST_F(ResumedPack, says_nothing_of_it_where_nothing_is_finished) {
    std::atomic<bool> is_stopped{false};
    const PackContext context{.files = posix_file_ops(),
                              .is_stopped = is_stopped,
                              .report = [&](const PackProgress&) { is_stopped = true; }};

    EXPECT_THAT(
        [&] { pack(options(), context); },
        throws(Errc::interrupted, AllOf(HasSubstr("begins again"), Not(HasSubstr("--resume")))));
    EXPECT_FALSE(fs::exists(partial_));
}

// A pyramid in which nothing shows has no file, and is finished all the same.
TEST_F(ResumedPack, keeps_what_is_finished_though_the_next_pyramid_is_empty) {
    auto raster = eight_pyramids();
    raster.value = [](int x, int y, int band) {
        const int column = x / 1024;
        return band == 4 ? (column == 1 ? 0 : 255) : (x * band + y * 3) % 256;
    };
    source_ = write_tiff(folder_ / "a.tif", raster);
    auto whole = options();
    whole.output = folder_ / "whole";
    whole.overwrite = Overwrite::yes;
    pack_quietly(whole);
    interrupt_after(1, options());
    const auto kept = files();

    interrupt_after(kept.size() + 1, resumed());

    for (const auto& [name, inode] : kept) {
        EXPECT_EQ(files().at(name), inode) << name;
    }
    pack_quietly(resumed());
    expect_whole();
}

TEST_F(ResumedPack, begins_again_where_the_journal_was_not_begun_whole) {
    fs::create_directories(partial_);
    write_file(partial_ / PyramidJournal::file_name, "");

    pack_quietly(resumed());

    expect_whole();
}

TEST_F(ResumedPack, loses_nothing_to_a_command_that_is_wrong) {
    interrupt_after(3, options());
    const auto kept = files();
    auto wrong = options();
    wrong.top = 20;

    EXPECT_THAT([&] { pack_quietly(wrong); }, throws(Errc::invalid_argument, HasSubstr("--top")));

    EXPECT_EQ(files(), kept);
}

// Whenever it is killed.
TEST_F(ResumedPack, goes_on_after_kill_9) {
    const std::vector<std::string> command{program("offgrid-pack"),
                                           "pack",
                                           source_,
                                           "-o",
                                           folder_ / "out",
                                           "--layer",
                                           "map",
                                           "--top",
                                           "7",
                                           "--resume",
                                           "--quiet"};
    std::size_t seen = 0;
    bool is_done = false;
    for (int run = 0; run < 200 && !is_done; ++run) {
        Process process{command};
        while (process.is_running() && files().size() <= seen) {
            std::this_thread::yield();
        }
        seen = std::max(seen, files().size());
        is_done = process.stop(SIGKILL) == 0;
    }

    ASSERT_TRUE(is_done);
    expect_whole();
}

}  // namespace
}  // namespace offgrid::test
