#include "formats/base/canonical_path.h"

#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

// PL-04
TEST(CanonicalPath, is_one_for_all_spellings_of_a_file) {
    const TempFolder folder;
    const auto root = fs::canonical(folder.path());
    fs::create_directories(root / "real/deep");
    fs::create_directory_symlink(root / "real", root / "link");
    fs::create_directory_symlink(root / "real/deep", root / "deeper");
    const auto file = (root / "real/a.mbtiles").string();
    for (const auto* spelling :
         {"real/a.mbtiles", "real//a.mbtiles", "./real/./a.mbtiles", "link/a.mbtiles",
          "real/../real/a.mbtiles", "link/deep/../a.mbtiles", "deeper/../a.mbtiles"}) {
        EXPECT_EQ(canonical_path((root / spelling).string()), file) << spelling;
    }
    EXPECT_EQ(canonical_path(fs::relative(file).string()), file);
    EXPECT_EQ(canonical_path(file), file);
}

TEST(CanonicalPath, keeps_the_name_of_a_file_that_is_a_link) {
    const TempFolder folder;
    const auto root = fs::canonical(folder.path());
    write_file(root / "a", "a");
    fs::create_symlink(root / "a", root / "b");
    EXPECT_EQ(canonical_path((root / "b").string()), (root / "b").string());
}

TEST(CanonicalPath, spells_out_what_is_not_there) {
    const TempFolder folder;
    const auto root = fs::canonical(folder.path());
    EXPECT_EQ(canonical_path((root / "none/./x/../a").string()), (root / "none/a").string());
    EXPECT_EQ(canonical_path("/"), "/");
}

}  // namespace
}  // namespace offgrid::test
