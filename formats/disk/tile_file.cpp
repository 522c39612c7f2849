#include "formats/disk/tile_file.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>

namespace offgrid {
namespace {

/// Far more than any tile; a larger file would only fill the memory.
constexpr std::uint64_t max_tile_bytes = 256 << 20;

[[noreturn]] void fail(int error_number, std::string_view action, std::string_view path) {
    throw system_error(error_number, fmt::format("cannot {} {}", action, path));
}

/// The size, or nothing when it is 0.
std::optional<std::uint64_t> size_of(const struct stat& status, std::string_view path) {
    if (!S_ISREG(status.st_mode)) {
        throw Error{Errc::corrupt, fmt::format("cannot read {}: it is no regular file", path)};
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    return size == 0 ? std::nullopt : std::optional{size};
}

/// Fill the buffer; less when the file ends before. Zero or an error number.
int read_all(int fd, Bytes& content) {
    std::size_t filled = 0;
    while (filled < content.size()) {
        const auto count = ::read(fd, content.data() + filled, content.size() - filled);
        if (count == 0) {
            break;
        }
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        filled += static_cast<std::size_t>(count);
    }
    content.resize(filled);
    return 0;
}

/// Zero or an error number.
int write_all(int fd, BytesView content) {
    while (!content.empty()) {
        const auto count = ::write(fd, content.data(), content.size());
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        content = content.subspan(static_cast<std::size_t>(count));
    }
    return 0;
}

/// Create and fill a file; nothing of it is left when that fails. Zero or an error number.
int create_file(const std::string& path, BytesView content) {
    UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
    if (!fd.is_open()) {
        return errno;
    }
    int error_number = write_all(fd.get(), content);
    // Some file systems (NFS) tell only now that the disk is full.
    if (::close(fd.release()) != 0 && error_number == 0) {
        error_number = errno;
    }
    if (error_number != 0) {
        ::unlink(path.c_str());
    }
    return error_number;
}

}  // namespace

bool is_absence(int error_number) {
    return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP ||
           error_number == ENAMETOOLONG;
}

std::optional<std::uint64_t> TileFile::size() const {
    struct stat status {};
    if (::fstatat(folder, name, &status, 0) != 0) {
        if (is_absence(errno)) {
            return std::nullopt;
        }
        fail(errno, "look at", path);
    }
    return size_of(status, path);
}

std::optional<std::chrono::system_clock::time_point> TileFile::read(Bytes& content) const {
    // A pipe in place of a tile would be waited for without O_NONBLOCK.
    const UniqueFd fd{::openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
    if (!fd.is_open()) {
        if (is_absence(errno)) {
            return std::nullopt;
        }
        fail(errno, "open", path);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        fail(errno, "look at", path);
    }
    const auto size = size_of(status, path);
    if (!size) {
        return std::nullopt;
    }
    if (*size > max_tile_bytes) {
        throw Error{Errc::too_large,
                    fmt::format("cannot read {}: {} bytes are no tile", path, *size)};
    }
    content.resize(*size);
    if (const int error_number = read_all(fd.get(), content); error_number != 0) {
        fail(error_number, "read", path);
    }
    if (content.empty()) {
        return std::nullopt;  // emptied just now, by a program that writes in place
    }
    const auto since_1970 = std::chrono::seconds{status.st_mtim.tv_sec} +
                            std::chrono::nanoseconds{status.st_mtim.tv_nsec};
    return std::chrono::system_clock::time_point{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(since_1970)};
}

FilePublisher::FilePublisher(int retries) : retries_{retries}, next_name_{std::random_device{}()} {}

void FilePublisher::write(const std::string& path, BytesView content) {
    publish(path, [&](const std::string& name) { return create_file(name, content); });
}

void FilePublisher::link(const std::string& path, const std::string& target) {
    publish(path, [&](const std::string& name) {
        return ::symlink(target.c_str(), name.c_str()) == 0 ? 0 : errno;
    });
}

void FilePublisher::publish(const std::string& path, const Create& create) {
    // The folder is missing for the first tile in it, which is no failure.
    int failures = 0;
    while (true) {
        const auto name = free_name_beside(path);
        int error_number = create(name);
        if (error_number == EEXIST) {
            continue;  // left by a program that ended
        }
        if (error_number == 0) {
            if (::rename(name.c_str(), path.c_str()) == 0) {
                return;
            }
            error_number = errno;
            ::unlink(name.c_str());
        }
        const bool is_full =
            error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
        if (is_full || (error_number != ENOENT && failures >= retries_) || failures > retries_) {
            fail(error_number, "write", path);
        }
        ++failures;
        std::error_code failure;
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), failure);
        if (failure && failure != std::errc::no_such_file_or_directory) {
            fail(failure.value(), "create the folder of", path);
        }
    }
}

std::string FilePublisher::free_name_beside(const std::string& path) {
    const auto folder_length = path.rfind('/') + 1;  // 0 without a slash
    return fmt::format("{}.offgrid-{}-{:x}", std::string_view{path}.substr(0, folder_length),
                       ::getpid(), next_name_++);
}

}  // namespace offgrid
