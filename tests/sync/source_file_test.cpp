#include "sync/source_file.h"

#include "formats/base/forwarding_file_ops.h"
#include "sync/interruptible_file_ops.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t megabyte = 1 << 20;

/// A file in a folder, a link to the file and one to the folder.
struct LinkedFolder : TempFolder {
    LinkedFolder() {
        write_file(*this / "there/secret", "x");
        fs::create_symlink("there", *this / "link");
        fs::create_symlink("there/secret", *this / "file");
    }
};

TEST(SourceFile, is_copied_as_it_is) {
    const TempFolder folder;
    write_file(folder / "source", std::string(megabyte, 'x') + "end");

    const auto copied = SourceFile{fs::canonical(folder / "source"), "it"}.copy_to(
        posix_file_ops(), folder / "copy", 2 * megabyte);

    EXPECT_EQ(copied, megabyte + 3);
    EXPECT_EQ(read_text(folder / "copy"), read_text(folder / "source"));
}

TEST(SourceFile, is_behind_no_link_and_its_path_is_told_to_nobody) {
    const LinkedFolder folder;
    const auto root = fs::canonical(folder.path());
    for (const auto& path :
         {root / "link/secret", root / "file", root / "missing", root / "there"}) {
        EXPECT_THAT([&] { SourceFile(path, "entry 'a'"); },
                    testing::ThrowsMessage<Error>(
                        AllOf(HasSubstr("entry 'a'"), Not(HasSubstr(root.string())))))
            << path;
    }
}

TEST(SourceFile, that_is_a_link_is_denied) {
    const LinkedFolder folder;
    const auto root = fs::canonical(folder.path());
    for (const auto& path : {root / "link/secret", root / "file"}) {
        EXPECT_THAT([&] { SourceFile(path, "it"); }, throws(Errc::denied, HasSubstr("it"))) << path;
    }
}

/// As before Linux 5.6, for this process and for good.
bool lose_openat2() {
    std::array<sock_filter, 4> steps{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{.len = steps.size(), .filter = steps.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(SourceFile, is_behind_no_link_on_an_old_system_either) {
    const LinkedFolder folder;
    const auto root = fs::canonical(folder.path());
    const auto child = ::fork();
    if (child == 0) {
        EXPECT_TRUE(lose_openat2());
        EXPECT_EQ(SourceFile(root / "there/secret", "it").size(), 1U);
        for (const auto& path : {root / "link/secret", root / "file"}) {
            EXPECT_THROW(SourceFile(path, "it"), Error) << path;
        }
        std::fflush(nullptr);
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(SourceFile, that_grows_is_copied_no_further_than_its_limit) {
    const TempFolder folder;
    write_file(folder / "log", "x");
    const SourceFile source{fs::canonical(folder / "log"), "the file"};
    std::ofstream{folder / "log", std::ios::app} << std::string(4 * megabyte, 'y');

    EXPECT_THAT([&] { source.copy_to(posix_file_ops(), folder / "copy", megabyte); },
                throws(Errc::too_large, HasSubstr("the file is larger")));

    EXPECT_LE(fs::file_size(folder / "copy"), megabyte);
}

/// Sets a flag with the first piece that is written.
class StoppingFileOps final : public ForwardingFileOps {
public:
    explicit StoppingFileOps(std::atomic<bool>& is_stopped)
        : ForwardingFileOps{posix_file_ops()}, is_stopped_{is_stopped} {}

protected:
    std::unique_ptr<OutputFile> wrap(std::unique_ptr<OutputFile> file, const fs::path&) override {
        return std::make_unique<File>(std::move(file), is_stopped_);
    }

private:
    class File final : public OutputFile {
    public:
        File(std::unique_ptr<OutputFile> file, std::atomic<bool>& is_stopped)
            : file_{std::move(file)}, is_stopped_{is_stopped} {}
        void append(BytesView piece) override {
            file_->append(piece);
            is_stopped_ = true;
        }
        void sync() override { file_->sync(); }

    private:
        std::unique_ptr<OutputFile> file_;
        std::atomic<bool>& is_stopped_;
    };

    std::atomic<bool>& is_stopped_;
};

TEST(SourceFile, can_be_stopped_while_it_is_copied) {
    const TempFolder folder;
    write_file(folder / "large", std::string(4 * megabyte, 'x'));
    std::atomic<bool> is_stopped = false;
    StoppingFileOps stopping{is_stopped};
    InterruptibleFileOps files{stopping, is_stopped};
    const SourceFile source{fs::canonical(folder / "large"), "the file"};

    EXPECT_THAT([&] { source.copy_to(files, folder / "copy", 8 * megabyte); },
                throws(Errc::interrupted, HasSubstr("ending")));

    EXPECT_LT(fs::file_size(folder / "copy"), megabyte);
}

}  // namespace
}  // namespace offgrid::test
