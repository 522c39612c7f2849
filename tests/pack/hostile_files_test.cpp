#include "tests/pack/rasters.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

TEST(HostileFiles, end_in_a_message_or_a_package_and_leave_nothing_else) {
    int files = 0;
    for (const char* const kind : {"bad/tiff", "bad/jp2", "bad/jpeg", "bad/png"}) {
        for (const auto& file : shared_files(kind)) {
            ++files;
            TempFolder folder;

            const auto result =
                run({"timeout", "60", program("offgrid-pack"), "pack", file.string(), "-o",
                     (folder / "out").string(), "--zoom", "0-4", "--quiet"});

            const auto names = names_below(folder.path());
            if (result.exit_code == 0) {
                EXPECT_FALSE(names.empty()) << file;
            } else {
                EXPECT_EQ(result.exit_code, 1) << file << "\n" << result.err;
                EXPECT_THAT(result.err, testing::StartsWith("offgrid-pack: ")) << file;
                EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << file << "\n" << result.err;
                EXPECT_THAT(names, testing::IsEmpty()) << file;
            }
        }
    }
    std::printf("%d hostile files\n", files);
}

}  // namespace
}  // namespace offgrid::test
