#include "pack/partial_folder.h"

#include "formats/base/error.h"
#include "formats/package/package_reader.h"
#include "pack/mapcache_xml.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <set>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

/// The first thing below the folder that is not of its package, relative to it.
std::optional<std::string> stranger_in(const fs::path& folder, const Manifest& manifest) {
    std::set<std::string> own{std::string{manifest_name}, std::string{mapcache_xml_name}};
    for (const auto& file : manifest.files) {
        for (fs::path name{file.name}; !name.empty(); name = name.parent_path()) {
            own.insert(name.generic_string());
        }
    }
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        auto name = entry.path().lexically_relative(folder).generic_string();
        if (!own.contains(name)) {
            return name;
        }
    }
    return std::nullopt;
}

/// Throws unless the folder is empty, or a package and nothing else: it is about to be removed.
void check_is_package(const fs::path& folder) {
    const auto refuse = [&](const std::string& cause) {
        throw Error{Errc::already_exists,
                    fmt::format("{}: {}, so it is not overwritten", folder.string(), cause)};
    };
    std::error_code ignored;
    const bool has_manifest = fs::exists(folder / manifest_name, ignored);
    if (!has_manifest && fs::is_directory(folder, ignored) && fs::is_empty(folder, ignored)) {
        return;
    }
    if (!has_manifest) {
        refuse("is no package");
    }
    Manifest manifest;
    try {
        manifest = read_manifest(folder);
    } catch (const Error& error) {
        refuse(fmt::format("is no package ({})", error.what()));
    }
    if (const auto name = stranger_in(folder, manifest)) {
        refuse(fmt::format("holds '{}', which is not of the package", *name));
    }
}

}  // namespace

fs::path package_path(const fs::path& output) {
    const auto path = fs::absolute(output).lexically_normal();
    return path.filename().empty() ? path.parent_path() : path;
}

PartialFolder::PartialFolder(const fs::path& output, Overwrite overwrite, FileOps& files)
    : files_{files}, output_{package_path(output)}, overwrite_{overwrite} {
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
    check_is_package(output_);
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

std::optional<std::string> PartialFolder::publish() {
    check_output();
    if (fs::exists(fs::symlink_status(output_))) {
        files_.exchange(path_, output_);
        is_published_ = true;
        files_.sync_directory(parent_);
        try {
            files_.remove_all(path_);
        } catch (const Error& error) {
            return fmt::format("the package that was there before is left: {}", error.what());
        }
        return std::nullopt;
    }
    files_.rename(path_, output_);
    is_published_ = true;
    files_.sync_directory(parent_);
    return std::nullopt;
}

}  // namespace offgrid
