#include "formats/base/error.h"
#include "formats/package/depot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace offgrid {

DepotLock::DepotLock(const Depot& depot) {
    depot.check_is_no_other();
    const auto path = depot.root() / "LOCK";
    posix_file_ops().create_directories(depot.root());
    lock_ = UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!lock_.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) {
        return;
    }
    if (errno != EWOULDBLOCK) {
        throw system_error(errno, fmt::format("cannot lock {}", path.string()));
    }
    throw Error{Errc::busy,
                fmt::format("another process is changing depot {}", depot.root().string())};
}

GenerationLease::GenerationLease(const Depot& depot, std::uint64_t number) {
    const auto path = depot.generation_path(number);
    file_ = UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file_.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    const auto is_gone = [&] {
        struct stat info {};
        return ::fstat(file_.get(), &info) == 0 && info.st_nlink == 0;
    };
    // A file system without locks is one that nobody prunes: it serves on.
    const bool is_pruned = ::flock(file_.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_pruned || is_gone()) {
        throw Error{Errc::not_found, fmt::format("depot {} is removing generation {}",
                                                 depot.root().string(), number)};
    }
}

}  // namespace offgrid
