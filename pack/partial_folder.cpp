#include "pack/partial_folder.h"

#include "formats/base/error.h"
#include "formats/package/manifest.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace offgrid {

namespace fs = std::filesystem;

PartialFolder::PartialFolder(fs::path output, Overwrite overwrite, FileOps& files)
    : files_{files}, output_{fs::absolute(output).lexically_normal()}, overwrite_{overwrite} {
    if (output_.filename().empty()) {
        output_ = output_.parent_path();  // it was written with a slash at the end
    }
    parent_ = output_.parent_path();
    if (output_.filename().empty() || parent_.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: cannot be a package", output_.string())};
    }
    path_ = parent_ / fmt::format(".{}.partial", output_.filename().string());
    check_output();
    files_.create_directories(parent_);
    lock();
    sweep();
}

PartialFolder::~PartialFolder() {
    if (!is_published_) {
        try {
            files_.remove_all(path_);
        } catch (const Error&) {  // the next one sweeps it
        }
    }
}

void PartialFolder::check_output() const {
    if (!fs::exists(fs::symlink_status(output_))) {
        return;
    }
    if (overwrite_ == Overwrite::no) {
        throw Error{Errc::already_exists,
                    fmt::format("{}: exists already; --overwrite replaces it", output_.string())};
    }
    std::error_code ignored;
    if (!fs::is_directory(output_, ignored) ||
        (!fs::exists(output_ / manifest_name, ignored) && !fs::is_empty(output_, ignored))) {
        throw Error{Errc::already_exists,
                    fmt::format("{}: is no package, so it is not overwritten", output_.string())};
    }
}

/// Create the folder, or take over one that is left, and hold its lock.
void PartialFolder::lock() {
    while (true) {
        files_.create_directories(path_);
        UniqueFd folder{::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
        if (!folder.is_open()) {
            throw system_error(errno, fmt::format("cannot open {}", path_.string()));
        }
        if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                throw Error{Errc::busy,
                            fmt::format("{}: another process is making it", output_.string())};
            }
            throw system_error(errno, fmt::format("cannot lock {}", path_.string()));
        }
        // Its maker may have published or removed it between our two calls: then the lock is on
        // something else.
        struct stat locked {};
        struct stat named {};
        if (::fstat(folder.get(), &locked) == 0 && ::stat(path_.c_str(), &named) == 0 &&
            locked.st_ino == named.st_ino && locked.st_dev == named.st_dev) {
            lock_ = std::move(folder);
            return;
        }
    }
}

void PartialFolder::sweep() {
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator{path_, failure}) {
        files_.remove_all(entry.path());
    }
    if (failure) {
        throw system_error(failure.value(), fmt::format("cannot read {}", path_.string()));
    }
}

void PartialFolder::publish() {
    check_output();
    if (fs::exists(fs::symlink_status(output_))) {
        files_.exchange(path_, output_);
        is_published_ = true;
        files_.sync_directory(parent_);
        files_.remove_all(path_);  // the package that was there before
        return;
    }
    files_.rename(path_, output_);
    is_published_ = true;
    files_.sync_directory(parent_);
}

}  // namespace offgrid
