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

const TransferMark first{.last = {3, 4, 5}, .written = TileKey{3, 4, 4}, .counts = {.tiles = 7}};
const TransferMark second{
    .last = {9, 400, 30},
    .counts = {.tiles = 1, .bytes = 2, .failed = 3, .present = 4, .absent = 5}};

TEST(Journal, keeps_the_mark_in_a_folder_that_it_makes) {
    const TempFolder folder;
    Journal journal{posix_file_ops(), folder / "state/offgrid/a.journal"};
    EXPECT_EQ(journal.read(), std::nullopt);
    journal.keep(first);
    journal.keep(second);
    EXPECT_EQ((Journal{posix_file_ops(), journal.path()}.read()), second);
    journal.remove();
    EXPECT_EQ(journal.read(), std::nullopt);
}

TEST(Journal, has_the_old_mark_or_the_new_one_after_a_failure_at_any_step) {
    for (int failing = 1;; ++failing) {
        const TempFolder folder;
        Journal{posix_file_ops(), folder / "a"}.keep(first);
        test::FaultyFileOps files{[&](auto when, int step, std::string_view) {
            if (when == test::FaultyFileOps::When::before && step == failing) {
                throw Error{Errc::io, "the power goes"};
            }
        }};
        bool has_failed = false;
        try {
            Journal{files, folder / "a"}.keep(second);
        } catch (const Error&) {
            has_failed = true;
        }
        const auto mark = Journal{posix_file_ops(), folder / "a"}.read();
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
        EXPECT_THAT([&] { Journal(posix_file_ops(), folder / "a").read(); },
                    throws(Errc::corrupt, HasSubstr("no journal")))
            << text;
    }
}

TEST(FailedLog, is_read_back_in_order_and_without_repetition) {
    const TempFolder folder;
    FailedLog log{folder / "failed", FailedLog::Existing::replaced};
    EXPECT_FALSE(std::filesystem::exists(log.path())) << "not before there is a failure";
    log.add({3, 7, 1}, "two\nlines");
    log.add({2, 1, 1}, "b");
    FailedLog{folder / "failed", FailedLog::Existing::continued}.add({3, 7, 1}, "again");

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
