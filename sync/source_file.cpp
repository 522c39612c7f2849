#include "sync/source_file.h"

#include "formats/base/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t piece_bytes = 1 << 18;

/// A pipe or a device must not make the opening wait, nor act.
constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/// The same where the system cannot: folder by folder, none of them a link.
UniqueFd open_part_by_part(const std::filesystem::path& path) {
    constexpr int folder_flags = O_PATH | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY;
    UniqueFd folder{::open("/", folder_flags)};
    for (const auto& part : path.parent_path().relative_path()) {
        folder = UniqueFd{::openat(folder.get(), part.c_str(), folder_flags)};
        if (!folder.is_open()) {
            return folder;
        }
    }
    return UniqueFd{::openat(folder.get(), path.filename().c_str(), flags)};
}

UniqueFd open_without_links(const std::filesystem::path& path) {
    open_how how{};
    how.flags = flags;
    how.resolve = RESOLVE_NO_SYMLINKS;
    const auto fd =
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {  // before Linux 5.6, or in a sandbox
        return open_part_by_part(path);
    }
    return UniqueFd{fd};
}

}  // namespace

SourceFile::SourceFile(const std::filesystem::path& path, std::string shown_as)
    : shown_as_{std::move(shown_as)}, fd_{open_without_links(path)} {
    struct stat info {};
    if (!fd_.is_open() || ::fstat(fd_.get(), &info) != 0) {
        throw system_error(errno, fmt::format("cannot open {}", shown_as_));
    }
    if (!S_ISREG(info.st_mode)) {
        throw Error{Errc::invalid_argument, fmt::format("{} is no regular file", shown_as_)};
    }
    size_ = static_cast<std::uint64_t>(info.st_size);
}

bool SourceFile::is_sqlite() const {
    std::array<char, sqlite_magic.size()> start{};
    return ::pread(fd_.get(), start.data(), start.size(), 0) ==
               static_cast<ssize_t>(start.size()) &&
           std::string_view{start.data(), start.size()} == sqlite_magic;
}

std::uint64_t SourceFile::copy_to(FileOps& files, const std::filesystem::path& to,
                                  std::uint64_t max_bytes) const {
    const auto target = files.create(to);
    Bytes piece(piece_bytes);
    std::uint64_t copied = 0;
    for (;;) {
        const auto size =
            ::pread(fd_.get(), piece.data(), piece.size(), static_cast<off_t>(copied));
        if (size == 0) {
            return copied;
        }
        if (size < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw system_error(errno, fmt::format("cannot read {}", shown_as_));
        }
        const auto bytes = static_cast<std::size_t>(size);
        copied += bytes;
        if (copied > max_bytes) {
            throw Error{Errc::too_large,
                        fmt::format("{} is larger than {} bytes", shown_as_, max_bytes)};
        }
        target->append({piece.data(), bytes});
    }
}

}  // namespace offgrid
