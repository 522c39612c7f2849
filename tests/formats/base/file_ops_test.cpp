#include "formats/base/file_ops.h"

#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::FaultyFileOps;
using test::read_text;
using test::TempFolder;
using test::throws;
using test::write_file;
using testing::HasSubstr;

TEST(FileOps, creates_a_file_once) {
    const TempFolder folder;
    auto& files = posix_file_ops();
    {
        const auto file = files.create(folder / "a");
        file->append(as_bytes("one "));
        file->append(as_bytes("two"));
        file->sync();
    }
    EXPECT_EQ(read_text(folder / "a"), "one two");
    EXPECT_THAT([&] { files.create(folder / "a"); }, throws(Errc::already_exists, HasSubstr("/a")));
}

TEST(FileOps, appends_to_a_file_wherever_its_end_is_by_then) {
    const TempFolder folder;
    auto& files = posix_file_ops();
    {
        const auto one = files.append_to(folder / "a");
        const auto other = files.append_to(folder / "a");
        one->append(as_bytes("one "));
        other->append(as_bytes("two "));
        one->append(as_bytes("three"));
        one->sync();
    }
    EXPECT_EQ(read_text(folder / "a"), "one two three");
    EXPECT_THAT([&] { files.append_to(folder / "none/a"); },
                throws(Errc::not_found, HasSubstr("none/a")));
}

TEST(FileOps, creates_missing_parents) {
    const TempFolder folder;
    posix_file_ops().create_directories(folder / "a/b/c");
    EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
    posix_file_ops().create_directories(folder / "a/b/c");
}

TEST(FileOps, says_why_a_folder_cannot_be) {
    const TempFolder folder;
    write_file(folder / "file", "");
    auto& files = posix_file_ops();
    EXPECT_THAT([&] { files.create_directories(folder / std::string(300, 'a') / "b"); },
                throws(Errc::invalid_argument, HasSubstr("File name too long")));
    EXPECT_THAT([&] { files.create_directories(folder / "file"); },
                throws(Errc::already_exists, HasSubstr("/file")));
}

TEST(FileOps, copies_without_overwriting_and_without_following_links) {
    const TempFolder folder;
    write_file(folder / "a", "content");
    std::filesystem::create_symlink(folder / "a", folder / "link");
    auto& files = posix_file_ops();
    files.copy_file(folder / "a", folder / "b");
    EXPECT_EQ(read_text(folder / "b"), "content");
    EXPECT_THAT([&] { files.copy_file(folder / "a", folder / "b"); },
                throws(Errc::already_exists, HasSubstr("/b")));
    EXPECT_THROW(files.copy_file(folder / "link", folder / "c"), Error);
}

TEST(FileOps, exchanges_two_folders) {
    const TempFolder folder;
    write_file(folder / "a/name", "a");
    write_file(folder / "b/name", "b");
    posix_file_ops().exchange(folder / "a", folder / "b");
    EXPECT_EQ(read_text(folder / "a/name"), "b");
    EXPECT_EQ(read_text(folder / "b/name"), "a");
}

TEST(FileOps, removes_what_is_there_and_minds_nothing_else) {
    const TempFolder folder;
    write_file(folder / "a/b", "");
    posix_file_ops().remove_all(folder / "a");
    posix_file_ops().remove_all(folder / "a");
    EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(FileOps, a_durable_write_stopped_at_any_step_leaves_the_old_content_or_the_new) {
    for (int stop_at = 1;; ++stop_at) {
        const TempFolder folder;
        write_file(folder / "CURRENT", "old");
        FaultyFileOps files{[&](FaultyFileOps::When when, int step, std::string_view name) {
            if (when == FaultyFileOps::When::before && step == stop_at) {
                throw Error{Errc::no_space, std::string{name}};
            }
        }};
        try {
            write_durably(files, folder / "CURRENT", as_bytes("new"));
            EXPECT_EQ(read_text(folder / "CURRENT"), "new");
            EXPECT_GE(stop_at, 6) << "it takes a handful of steps";
            return;
        } catch (const Error&) {
            EXPECT_THAT(read_text(folder / "CURRENT"), testing::AnyOf("old", "new"))
                << "stopped at " << stop_at;
        }
    }
}

TEST(FileOps, read_file_refuses_what_is_too_large_or_no_file) {
    const TempFolder folder;
    write_file(folder / "a", "12345");
    EXPECT_EQ(as_text(read_file(folder / "a", 5)), "12345");
    EXPECT_THAT([&] { read_file(folder / "a", 4); }, throws(Errc::too_large, HasSubstr("/a")));
    EXPECT_THAT([&] { read_file(folder.path(), 4); },
                throws(Errc::invalid_argument, HasSubstr("regular")));
    EXPECT_THAT([&] { read_file(folder / "absent", 4); },
                throws(Errc::not_found, HasSubstr("absent")));
}

}  // namespace
}  // namespace offgrid
