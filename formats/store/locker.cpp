#include "formats/store/locker.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "formats/base/unique_fd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const fs::path& folder, std::string_view resource) {
    std::string name{resource};
    std::ranges::replace_if(
        name, [](char c) { return c == ' ' || c == '/' || c == '~' || c == '.' || c == '\0'; },
        '#');
    return folder / fmt::format("_gc_lock{}.lck", name);
}

/// Whether the name still stands for the open file.
bool is_named(const fs::path& path, int fd) {
    struct stat open_file {};
    struct stat named {};
    return ::fstat(fd, &open_file) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/// The process id that the file names; nothing when its owner has not written it yet.
std::optional<pid_t> pid_in(int fd) {
    std::array<char, 32> text{};
    const auto length = ::pread(fd, text.data(), text.size(), 0);
    std::string_view digits{text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    const auto pid = parse_number<pid_t>(digits);
    return pid && *pid > 0 ? pid : std::nullopt;
}

bool has_ended(pid_t pid) {
    return ::kill(pid, 0) != 0 && errno == ESRCH;
}

/// Whether process ids in the folder may be those of other machines.
bool is_shared_by_machines(int fd) {
    constexpr std::array<std::uint64_t, 6> network_file_systems{
        0x6969,      // NFS
        0x517B,      // SMB
        0xFF534D42,  // CIFS
        0xFE534D42,  // SMB2
        0x65735546,  // FUSE: sshfs and the like
        0x00C36400,  // Ceph
    };
    struct statfs system {};
    return ::fstatfs(fd, &system) != 0 ||
           std::ranges::find(network_file_systems, static_cast<std::uint64_t>(system.f_type) &
                                                       0xFFFFFFFFU) != network_file_systems.end();
}

class FileLock final : public Locker::Lock {
public:
    FileLock(fs::path path, UniqueFd file) : path_{std::move(path)}, file_{std::move(file)} {}

    /// The name goes first: who opened the file before sees that it stands for nothing now.
    ~FileLock() override {
        if (is_named(path_, file_.get())) {  // else MapCache deleted it and it is another's
            ::unlink(path_.c_str());
        }
    }

private:
    fs::path path_;
    UniqueFd file_;
};

/// The lock, or nothing when the file is there already.
std::unique_ptr<Locker::Lock> create(const fs::path& path) {
    UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
    if (!file.is_open()) {
        if (errno == EEXIST) {
            return nullptr;
        }
        throw system_error(errno, fmt::format("cannot create the lock {}", path.string()));
    }
    const int fd = file.get();
    auto lock = std::make_unique<FileLock>(path, std::move(file));
    // Held as long as the lock. Somebody may be looking at the file right now, but not for long.
    while (::flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            throw system_error(errno, fmt::format("cannot lock {}", path.string()));
        }
    }
    const auto pid = std::to_string(::getpid());
    if (::write(fd, pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
        throw system_error(errno, fmt::format("cannot write the lock {}", path.string()));
    }
    return lock;
}

struct Holder {
    bool is_gone = false;
    std::optional<pid_t> pid{};
};

/// Who holds the lock that is there; removes it when that process has ended.
///
/// Only who has the file's flock removes it, and only while the name stands for that file, so that
/// two who find it stale do not both remove one. Lockers of this class keep the flock, so theirs is
/// never taken for stale, not even where process ids are not comparable (containers).
Holder look_at(const fs::path& path) {
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file.is_open()) {
        return {.is_gone = errno == ENOENT};
    }
    const auto pid = pid_in(file.get());
    if (!pid || !has_ended(*pid) || is_shared_by_machines(file.get()) ||
        ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        return {.pid = pid};
    }
    const bool is_stale = is_named(path, file.get()) && pid_in(file.get()) == pid;
    return {.is_gone = !is_stale || ::unlink(path.c_str()) == 0, .pid = pid};
}

}  // namespace

std::unique_ptr<Locker::Lock> FileLocker::lock(std::string_view resource) {
    const auto path = file_of(options_.folder, resource);
    const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
    for (;;) {
        if (auto lock = create(path)) {
            return lock;
        }
        const auto holder = look_at(path);
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= std::chrono::steady_clock::duration::zero()) {
            throw Error{Errc::busy, fmt::format("cannot lock '{}' within {} ms: {} is held by {}",
                                                resource, options_.timeout.count(), path.string(),
                                                holder.pid ? fmt::format("process {}", *holder.pid)
                                                           : std::string{"an unknown process"})};
        }
        if (!holder.is_gone) {
            std::this_thread::sleep_for(
                std::min<std::chrono::steady_clock::duration>(options_.retry, left));
        }
    }
}

}  // namespace offgrid
