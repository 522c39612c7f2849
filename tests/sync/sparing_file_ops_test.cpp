#include "sync/sparing_file_ops.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/sync/small_disk.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t megabyte = 1 << 20;

TEST(SparingFileOps, stops_a_file_before_the_disk_is_full) {
    const TempFolder folder;
    SmallDisk disk{10 * megabyte};
    SparingFileOps files{disk, 4 * megabyte};
    const auto file = files.create(folder / "file");
    const Bytes piece(megabyte / 2);

    EXPECT_THAT(
        [&] {
            for (int i = 0; i < 100; ++i) {
                file->append(piece);
            }
        },
        throws(Errc::no_space, HasSubstr("no room")));

    EXPECT_GE(std::filesystem::file_size(folder / "file"), 4 * megabyte);
    EXPECT_LE(std::filesystem::file_size(folder / "file"), 6 * megabyte);
}

TEST(SparingFileOps, does_not_begin_a_copy_that_has_no_room) {
    const TempFolder folder;
    write_file(folder / "large", std::string(3 * megabyte, 'x'));
    SmallDisk disk{6 * megabyte};
    SparingFileOps files{disk, 4 * megabyte};

    EXPECT_THAT([&] { files.copy_file(folder / "large", folder / "copy"); },
                throws(Errc::no_space, HasSubstr("no room")));

    EXPECT_FALSE(std::filesystem::exists(folder / "copy"));
}

TEST(SparingFileOps, has_no_room_at_all_on_a_disk_that_is_nearly_full) {
    const TempFolder folder;
    SmallDisk disk{megabyte};
    SparingFileOps files{disk, 4 * megabyte};
    EXPECT_THAT([&] { files.check_room(folder.path(), 0); },
                throws(Errc::no_space, HasSubstr("no room")));
}

}  // namespace
}  // namespace offgrid::test
