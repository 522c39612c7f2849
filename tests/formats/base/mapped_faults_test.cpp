#include "formats/base/mapped_faults.h"

#include "formats/base/mapped_read.h"
#include "formats/base/unique_fd.h"
#include "tests/support/temp_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace offgrid {
namespace {

using test::TempFolder;

constexpr std::size_t mapped_bytes = 256 << 10;

/// A file that is mapped whole, and becomes empty as soon as it is.
class LostFile {
public:
    explicit LostFile(const std::filesystem::path& path) {
        std::ofstream{path} << std::string(mapped_bytes, 'x');
        const UniqueFd file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        address_ = mmap(nullptr, mapped_bytes, PROT_READ, MAP_SHARED, file.get(), 0);
        std::filesystem::resize_file(path, 0);
    }
    ~LostFile() { munmap(address_, mapped_bytes); }
    LostFile(const LostFile&) = delete;
    LostFile& operator=(const LostFile&) = delete;

    BytesView bytes() const { return {static_cast<const std::uint8_t*>(address_), mapped_bytes}; }

private:
    void* address_ = nullptr;
};

int last_byte_of(const LostFile& file) {
    return static_cast<const volatile std::uint8_t*>(file.bytes().data())[mapped_bytes - 1];
}

TEST(MappedFaults, give_zeros_and_tell_who_reads_the_mapping) {
    const MappedFaults faults;
    const TempFolder folder;
    const LostFile file{folder / "a"};

    const MappedRead read{file.bytes()};
    EXPECT_FALSE(read.has_failed());
    EXPECT_EQ(last_byte_of(file), 0);
    EXPECT_TRUE(read.has_failed());
}

TEST(MappedFaults, tell_the_one_of_several_reads_that_has_the_mapping) {
    const MappedFaults faults;
    const TempFolder folder;
    const LostFile one{folder / "a"};
    const LostFile other{folder / "b"};

    const MappedRead outer{one.bytes()};
    {
        const MappedRead inner{other.bytes()};
        EXPECT_EQ(last_byte_of(one), 0);
        EXPECT_FALSE(inner.has_failed());
    }
    EXPECT_TRUE(outer.has_failed());
}

TEST(MappedFaultsDeathTest, end_the_process_where_nobody_expects_them) {
    const TempFolder folder;
    const LostFile file{folder / "a"};
    const LostFile other{folder / "b"};
    const auto read_with_handler = [&](BytesView guarded) {
        const MappedFaults faults;
        const MappedRead read{guarded};
        last_byte_of(file);
    };

    EXPECT_DEATH(read_with_handler({}), "");
    EXPECT_DEATH(read_with_handler(other.bytes()), "");
    EXPECT_DEATH(
        {
            const MappedFaults faults;
            { const MappedRead over{file.bytes()}; }
            last_byte_of(file);
        },
        "");
}

sigjmp_buf handled_elsewhere;

TEST(MappedFaults, leave_others_to_who_handled_them_before) {
    const TempFolder folder;
    const LostFile file{folder / "a"};
    struct sigaction kept {};
    struct sigaction action {};
    action.sa_handler = [](int) { siglongjmp(handled_elsewhere, 1); };
    ASSERT_EQ(sigaction(SIGBUS, &action, &kept), 0);
    {
        const MappedFaults faults;
        if (sigsetjmp(handled_elsewhere, 1) == 0) {
            last_byte_of(file);
            ADD_FAILURE() << "the file is not lost";
        }
    }
    EXPECT_EQ(sigaction(SIGBUS, &kept, nullptr), 0);
}

}  // namespace
}  // namespace offgrid
