#include "sync/source_roots.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(SourceRoots, let_through_what_is_below_them) {
    const TempFolder folder;
    write_file(folder / "root/a/tiles.sqlite", "x");
    const SourceRoots roots{{folder / "root"}};

    EXPECT_EQ(roots.resolve((folder / "root/a/tiles.sqlite").string()),
              fs::canonical(folder / "root/a/tiles.sqlite"));
    EXPECT_EQ(roots.resolve((folder / "root/b/../a").string()), fs::canonical(folder / "root/a"));
}

TEST(SourceRoots, do_not_say_whether_something_outside_exists) {
    const TempFolder folder;
    write_file(folder / "outside/there", "x");
    fs::create_directory(folder / "root");
    fs::create_symlink(folder / "outside", folder / "root/link");
    fs::create_symlink(folder / "outside/missing", folder / "root/dangling");
    fs::create_symlink("circle", folder / "root/circle");
    const SourceRoots roots{{folder / "root"}};
    const std::vector<std::string> sources{
        "/etc/passwd",
        "/no/such/file",
        (folder / "outside/there").string(),
        (folder / "outside/missing").string(),
        (folder / "root/../outside/there").string(),
        (folder / "root/link/there").string(),
        (folder / "root/link/missing").string(),
        (folder / "root/dangling").string(),
        (folder / "root/circle").string(),
        (folder / "rootless").string(),
        (folder / "root").string(),
        (folder / "root/").string(),
        std::string{"\0", 1},
    };
    for (const auto& source : sources) {
        SCOPED_TRACE(source);
        EXPECT_THAT([&] { roots.resolve(source); }, throws(Errc::denied, HasSubstr("not below")));
    }
}

TEST(SourceRoots, say_what_is_missing_inside) {
    const TempFolder folder;
    const SourceRoots roots{{folder.path()}};
    EXPECT_THAT([&] { roots.resolve((folder / "missing").string()); },
                throws(Errc::invalid_argument, HasSubstr("does not exist")));
}

TEST(SourceRoots, are_the_temporary_and_the_working_folder_unless_told) {
    const SourceRoots roots{{}};
    EXPECT_THAT(roots.folders(), testing::Contains(fs::canonical(fs::temp_directory_path())));
    EXPECT_THAT(roots.folders(), testing::Contains(fs::canonical(fs::current_path())));
}

TEST(SourceRoots, exist) {
    EXPECT_THAT([] { SourceRoots{{"/no/such/folder"}}; },
                throws(Errc::not_found, HasSubstr("/no/such/folder")));
}

}  // namespace
}  // namespace offgrid::test
