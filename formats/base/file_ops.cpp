#include "formats/base/file_ops.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdio>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view action, const fs::path& path) {
    throw system_error(errno, fmt::format("cannot {} {}", action, path.string()));
}

constexpr mode_t ordinary = 0644;
constexpr mode_t secret = 0600;

UniqueFd open_or_throw(const fs::path& path, int flags, std::string_view action,
                       mode_t mode = ordinary) {
    UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, mode)};
    if (!fd.is_open()) {
        fail(action, path);
    }
    return fd;
}

/// Like is_directory, which throws for a name that is too long; errno stays as it is.
bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

void write_all(int fd, BytesView piece, const fs::path& path) {
    while (!piece.empty()) {
        const auto written = ::write(fd, piece.data(), piece.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail("write", path);
        }
        piece = piece.subspan(static_cast<std::size_t>(written));
    }
}

class PosixOutputFile final : public OutputFile {
public:
    PosixOutputFile(fs::path path, int flags, std::string_view action, mode_t mode = ordinary)
        : path_{std::move(path)},
          fd_{open_or_throw(path_, O_WRONLY | O_CREAT | flags, action, mode)} {}

    void append(BytesView piece) override { write_all(fd_.get(), piece, path_); }

    void sync() override {
        if (::fsync(fd_.get()) != 0) {
            fail("sync", path_);
        }
    }

private:
    fs::path path_;
    UniqueFd fd_;
};

class PosixFileOps final : public FileOps {
public:
    void create_directories(const fs::path& path) override {
        make_folders(path, [this](const fs::path& parent) { sync_directory(parent); });
    }

    void create_scratch_directories(const fs::path& path) override {
        make_folders(path, [](const fs::path&) {});
    }

    std::unique_ptr<OutputFile> create(const fs::path& path) override {
        return std::make_unique<PosixOutputFile>(path, O_EXCL, "create");
    }

    std::unique_ptr<OutputFile> create_secret(const fs::path& path) override {
        return std::make_unique<PosixOutputFile>(path, O_EXCL, "create", secret);
    }

    std::unique_ptr<OutputFile> append_to(const fs::path& path) override {
        return std::make_unique<PosixOutputFile>(path, O_APPEND, "open");
    }

    void copy_file(const fs::path& from, const fs::path& to) override {
        const auto source = open_or_throw(from, O_RDONLY | O_NOFOLLOW, "open");
        const auto target = open_or_throw(to, O_WRONLY | O_CREAT | O_EXCL, "create");
        if (::ioctl(target.get(), FICLONE, source.get()) == 0) {
            return;
        }
        Bytes piece(1 << 18);
        for (;;) {
            const auto size = ::read(source.get(), piece.data(), piece.size());
            if (size == 0) {
                return;
            }
            if (size < 0) {
                if (errno == EINTR) {
                    continue;
                }
                fail("read", from);
            }
            write_all(target.get(), {piece.data(), static_cast<std::size_t>(size)}, to);
        }
    }

    void sync_file(const fs::path& path) override {
        const auto fd = open_or_throw(path, O_RDONLY, "open");
        if (::fsync(fd.get()) != 0) {
            fail("sync", path);
        }
    }

    void sync_directory(const fs::path& path) override {
        const auto fd = open_or_throw(path, O_RDONLY | O_DIRECTORY, "open folder");
        if (::fsync(fd.get()) != 0) {
            fail("sync folder", path);
        }
    }

    void rename(const fs::path& from, const fs::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) {
            fail("rename to", to);
        }
    }

    void exchange(const fs::path& one, const fs::path& other) override {
        if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) {
            return;
        }
        if (errno != EINVAL && errno != ENOSYS) {
            fail("exchange", other);
        }
        auto aside = one;
        aside += ".aside";
        rename(other, aside);
        rename(one, other);
        rename(aside, one);
    }

    void remove_all(const fs::path& path) override {
        std::error_code failure;
        fs::remove_all(path, failure);
        if (failure) {
            throw system_error(failure.value(), fmt::format("cannot remove {}", path.string()));
        }
    }

    std::uint64_t free_bytes(const fs::path& path) override {
        struct statvfs info {};
        if (::statvfs(path.c_str(), &info) != 0) {
            fail("look up free space of", path);
        }
        return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
    }

private:
    /// `note_parent` is told the folder in which each new one is.
    template <typename NoteParent>
    static void make_folders(const fs::path& path, const NoteParent& note_parent) {
        if (path.empty() || is_folder(path)) {
            return;
        }
        make_folders(path.parent_path(), note_parent);
        if (::mkdir(path.c_str(), 0755) != 0 && (errno != EEXIST || !is_folder(path))) {
            fail("create folder", path);
        }
        note_parent(path.has_parent_path() ? path.parent_path() : fs::path{"."});
    }
};

}  // namespace

FileOps& posix_file_ops() {
    static PosixFileOps files;
    return files;
}

void write_durably(FileOps& files, const fs::path& path, BytesView content) {
    write_synced(files, path, content);
    files.sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

void write_synced(FileOps& files, const fs::path& path, BytesView content) {
    auto beside = path;
    beside += ".new";
    files.remove_all(beside);
    const auto file = files.create(beside);
    file->append(content);
    file->sync();
    files.rename(beside, path);
}

Bytes read_file(const fs::path& path, std::uint64_t limit_bytes) {
    const auto fd = open_or_throw(path, O_RDONLY, "open");
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
        throw Error{Errc::invalid_argument, fmt::format("{} is not a regular file", path.string())};
    }
    Bytes content;
    Bytes piece(1 << 16);
    for (;;) {
        const auto size = ::read(fd.get(), piece.data(), piece.size());
        if (size == 0) {
            return content;
        }
        if (size < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail("read", path);
        }
        content.insert(content.end(), piece.begin(), piece.begin() + size);
        if (content.size() > limit_bytes) {
            throw Error{Errc::too_large,
                        fmt::format("{} is larger than {} bytes", path.string(), limit_bytes)};
        }
    }
}

}  // namespace offgrid
