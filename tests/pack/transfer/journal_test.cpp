#include "pack/transfer/journal.h"

#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::TempFolder;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;

const TransferIdentity identity{{"SRC", "a"}, {"DST", "b"}};
const TransferMark first{.last = {3, 4, 5}, .written = TileKey{3, 4, 4}, .counts = {.tiles = 7}};
const TransferMark second{
    .last = {9, 400, 30},
    .counts = {.tiles = 1, .bytes = 2, .failed = 3, .present = 4, .absent = 5}};

TEST(Journal, keeps_the_mark_in_a_folder_that_it_makes) {
    const TempFolder folder;
    Journal journal{posix_file_ops(), folder / "state/offgrid/a.journal", identity};
    journal.create_folder();
    EXPECT_EQ(journal.read(), std::nullopt);
    journal.keep(first);
    journal.keep(second);
    EXPECT_EQ((Journal{posix_file_ops(), journal.path(), identity}.read()), second);
    journal.remove();
    EXPECT_EQ(journal.read(), std::nullopt);
}

TEST(Journal, has_the_old_mark_or_the_new_one_after_a_failure_at_any_step) {
    for (int failing = 1;; ++failing) {
        const TempFolder folder;
        Journal{posix_file_ops(), folder / "a", identity}.keep(first);
        test::FaultyFileOps files{[&](auto when, int step, std::string_view) {
            if (when == test::FaultyFileOps::When::before && step == failing) {
                throw Error{Errc::io, "the power goes"};
            }
        }};
        bool has_failed = false;
        try {
            Journal{files, folder / "a", identity}.keep(second);
        } catch (const Error&) {
            has_failed = true;
        }
        const auto mark = Journal{posix_file_ops(), folder / "a", identity}.read();
        EXPECT_TRUE(mark == first || mark == second) << failing;
        if (!has_failed) {
            EXPECT_EQ(mark, second);
            EXPECT_GT(failing, 3) << "it takes several steps";
            return;
        }
    }
}

TEST(Journal, refuses_a_file_that_is_none) {
    const TempFolder folder;
    for (const auto* text : {"", "{}", "[1]", R"({"last":"3/4"})", "\x80"}) {
        test::write_file(folder / "a", text);
        EXPECT_THAT([&] { Journal(posix_file_ops(), folder / "a", identity).read(); },
                    throws(Errc::corrupt, HasSubstr("no journal")))
            << text;
    }
}

TEST(Journal, belongs_to_one_transfer) {
    const TempFolder folder;
    Journal{posix_file_ops(), folder / "a", identity}.keep(first);
    const TransferIdentity other{{"SRC", "c"}, {"DST", "b"}};
    EXPECT_THAT([&] { Journal(posix_file_ops(), folder / "a", other).read(); },
                throws(Errc::invalid_argument, HasSubstr("not the same: SRC")));
    const TransferIdentity less{{"SRC", "a"}};
    EXPECT_THAT([&] { Journal(posix_file_ops(), folder / "a", less).read(); },
                throws(Errc::invalid_argument, HasSubstr("not the same")));
}

TEST(FailedLog, is_durable_before_the_mark_that_passes_over_it) {
    const TempFolder folder;
    test::FaultyFileOps files{[](auto, int, std::string_view) {}};
    FailedLog log{files, folder / "failed", FailedLog::Existing::replaced};
    log.sync();
    EXPECT_EQ(files.steps_taken(), 0) << "nothing to do";
    log.add({3, 7, 1}, "a");
    log.sync();
    EXPECT_EQ(files.trace().front().path, folder / "failed");
    EXPECT_EQ(files.steps_taken(), 2) << "the file and its name";
}

TEST(FailedLog, names_a_file_that_is_no_tile_to_retry) {
    const TempFolder folder;
    FailedLog log{posix_file_ops(), folder / "failed", FailedLog::Existing::replaced};
    log.add("z2-3-0.sqlite3", 9, "malformed");
    log.add({2, 1, 1}, "b");
    EXPECT_EQ(log.first(), "# z2-3-0.sqlite3 from zoom 9 on: malformed");
    EXPECT_THAT(read_failed_log(log.path(), Grid::google_maps_compatible()),
                ElementsAre(TileKey{2, 1, 1}));
}

TEST(FailedLog, is_read_back_in_order_and_without_repetition) {
    const TempFolder folder;
    FailedLog log{posix_file_ops(), folder / "failed", FailedLog::Existing::replaced};
    EXPECT_FALSE(std::filesystem::exists(log.path())) << "not before there is a failure";
    log.add({3, 7, 1}, "two\nlines");
    log.add({2, 1, 1}, "b");
    FailedLog{posix_file_ops(), folder / "failed", FailedLog::Existing::continued}.add({3, 7, 1},
                                                                                       "again");

    EXPECT_EQ(test::read_text(folder / "failed"), "3/7/1\ttwo lines\n2/1/1\tb\n3/7/1\tagain\n");
    EXPECT_THAT(read_failed_log(log.path(), Grid::google_maps_compatible()),
                ElementsAre(TileKey{2, 1, 1}, TileKey{3, 7, 1}));
}

TEST(FailedLog, names_the_line_that_is_no_tile) {
    const TempFolder folder;
    for (const auto* line : {"x", "1/2", "1/2/x", "1/2/3/4", "1/9/0", "1//0", "99/0/0", "-1/0/0"}) {
        test::write_file(folder / "failed", std::string{"1/0/0\n\n"} + line + "\n");
        EXPECT_THAT([&] { read_failed_log(folder / "failed", Grid::google_maps_compatible()); },
                    throws(Errc::invalid_argument, HasSubstr(":3: '")))
            << line;
    }
}

}  // namespace
}  // namespace offgrid
