#include "pack/partial_folder.h"

#include "formats/base/error.h"
#include "formats/package/package_reader.h"
#include "pack/mapcache_xml.h"
#include "pack/pyramid_journal.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <set>
#include <vector>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

/// Names relative to a folder, those of the folders above each included.
class OwnNames {
public:
    void add(const fs::path& name) {
        for (auto path = name; !path.empty(); path = path.parent_path()) {
            names_.insert(path.generic_string());
        }
    }

    /// The first thing below the folder that has none of the names.
    std::optional<std::string> stranger_in(const fs::path& folder) const {
        for (const auto& entry : fs::recursive_directory_iterator{folder}) {
            auto name = entry.path().lexically_relative(folder).generic_string();
            if (!names_.contains(name)) {
                return name;
            }
        }
        return std::nullopt;
    }

private:
    std::set<std::string> names_;
};

OwnNames names_of_package(const fs::path& folder) {
    OwnNames names;
    names.add(manifest_name);
    names.add(mapcache_xml_name);
    for (const auto& file : read_manifest(folder).files) {
        names.add(file.name);
    }
    return names;
}

OwnNames names_of_shard(const fs::path& folder) {
    OwnNames names;
    names.add(PyramidJournal::file_name);
    names.add(PyramidJournal::folder_name);
    auto journal = PyramidJournal::open(folder);
    for (const auto& entry : journal.entries()) {
        if (entry.file) {
            names.add(PyramidJournal::folder_name / entry.file->name);
        }
    }
    return names;
}

/// Throws unless the folder is empty, or a package or a shard of one and nothing else: it is about
/// to be removed.
void check_is_package(const fs::path& folder) {
    const auto refuse = [&](const std::string& cause) {
        throw Error{Errc::already_exists,
                    fmt::format("{}: {}, so it is not overwritten", folder.string(), cause)};
    };
    std::error_code ignored;
    const bool has_manifest = fs::exists(folder / manifest_name, ignored);
    const bool is_shard = !has_manifest && PyramidJournal::is_in(folder);
    if (!has_manifest && !is_shard) {
        if (fs::is_directory(folder, ignored) && fs::is_empty(folder, ignored)) {
            return;
        }
        refuse("is no package");
    }
    OwnNames own;
    try {
        own = is_shard ? names_of_shard(folder) : names_of_package(folder);
    } catch (const Error& error) {
        refuse(fmt::format("is no package ({})", error.what()));
    }
    if (const auto name = own.stranger_in(folder)) {
        refuse(fmt::format("holds '{}', which is not of the package", *name));
    }
}

}  // namespace

fs::path package_path(const fs::path& output) {
    const auto path = fs::absolute(output).lexically_normal();
    return path.filename().empty() ? path.parent_path() : path;
}

PartialFolder::PartialFolder(const fs::path& output, Overwrite overwrite, FileOps& files, Kind kind)
    : files_{files}, output_{package_path(output)}, overwrite_{overwrite}, kind_{kind} {
    parent_ = output_.parent_path();
    if (output_.filename().empty() || parent_.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: cannot be a package", output_.string())};
    }
    path_ = parent_ / fmt::format(".{}.partial", output_.filename().string());
    check_output();
    files_.create_directories(parent_);
    lock();
}

PartialFolder::~PartialFolder() {
    if (!is_published_ && !is_kept_) {
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
    if (kind_ == Kind::package) {
        check_is_package(output_);
    } else if (!fs::is_regular_file(fs::symlink_status(output_))) {
        throw Error{Errc::already_exists, fmt::format("{}: exists already, and only a file is "
                                                      "overwritten",
                                                      output_.string())};
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

void PartialFolder::sweep(const std::unordered_set<std::string>& spared) {
    try {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator{path_}) {
            if (!spared.contains(entry.path().filename().string())) {
                found.push_back(entry.path());
            } else if (entry.is_directory()) {
                for (const auto& inner : fs::directory_iterator{entry.path()}) {
                    if (!spared.contains(inner.path().lexically_relative(path_).string())) {
                        found.push_back(inner.path());
                    }
                }
            }
        }
        for (const auto& path : found) {
            files_.remove_all(path);
        }
    } catch (const fs::filesystem_error& error) {
        throw system_error(error.code().value(), fmt::format("cannot read {}", path_.string()));
    }
}

std::optional<std::string> PartialFolder::publish() {
    const bool is_replaced = rename_to_output(path_);
    is_published_ = true;
    return finish(path_, is_replaced);
}

std::optional<std::string> PartialFolder::publish(const std::string& name) {
    const auto result = path_ / name;
    const bool is_replaced = rename_to_output(result);
    is_kept_ = false;
    auto note = finish(result, is_replaced);
    auto more = remove();
    return note ? note : more;
}

/// Give a file or folder the name of the output. Returns whether something had it before, which is
/// where the other was then.
bool PartialFolder::rename_to_output(const fs::path& made) {
    check_output();
    if (fs::exists(fs::symlink_status(output_))) {
        files_.exchange(made, output_);
        return true;
    }
    files_.rename(made, output_);
    return false;
}

std::optional<std::string> PartialFolder::finish(const fs::path& made, bool is_replaced) {
    files_.sync_directory(parent_);
    if (!is_replaced) {
        return std::nullopt;
    }
    try {
        files_.remove_all(made);
    } catch (const Error& error) {
        return fmt::format("what was there before is left: {}", error.what());
    }
    return std::nullopt;
}

std::optional<std::string> PartialFolder::remove() {
    is_published_ = true;
    try {
        files_.remove_all(path_);
    } catch (const Error& error) {
        return fmt::format("the folder of the work is left: {}", error.what());
    }
    return std::nullopt;
}

}  // namespace offgrid
