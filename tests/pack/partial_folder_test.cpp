#include "pack/partial_folder.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PartialFolder, appears_under_its_name_when_published) {
    TempFolder folder;
    PartialFolder partial{folder / "new/kenya/", Overwrite::no, posix_file_ops()};
    write_file(partial.path() / "a", "1");
    EXPECT_FALSE(std::filesystem::exists(folder / "new/kenya"));

    partial.publish();

    EXPECT_THAT(names_below(folder / "new"), ElementsAre("kenya/", "kenya/a"));
}

TEST(PartialFolder, is_gone_when_it_is_not_published) {
    TempFolder folder;
    {
        const PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};
        write_file(partial.path() / "a", "1");
    }

    EXPECT_THAT(names_below(folder.path()), IsEmpty());
}

TEST(PartialFolder, sweeps_what_a_killed_process_left) {
    TempFolder folder;
    write_file(folder / ".kenya.partial/z0-0-0.sqlite3.part", "half");

    const PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};

    EXPECT_THAT(names_below(partial.path()), IsEmpty());
}

TEST(PartialFolder, is_made_by_one_at_a_time) {
    TempFolder folder;
    const PartialFolder first{folder / "kenya", Overwrite::no, posix_file_ops()};
    write_file(first.path() / "a", "1");

    EXPECT_THAT([&] { PartialFolder(folder / "kenya", Overwrite::yes, posix_file_ops()); },
                throws(Errc::busy, HasSubstr("another process")));

    EXPECT_THAT(names_below(first.path()), ElementsAre("a"));
}

TEST(PartialFolder, does_not_replace_what_came_in_between) {
    TempFolder folder;
    PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};
    write_file(folder / "kenya/manifest.json", "of another");

    EXPECT_THAT([&] { partial.publish(); }, throws(Errc::already_exists, HasSubstr("kenya")));

    EXPECT_EQ(read_text(folder / "kenya/manifest.json"), "of another");
}

}  // namespace
}  // namespace offgrid::test
