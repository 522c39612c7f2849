#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/unique_fd.h"
#include "formats/package/manifest.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace offgrid {

/// One complete, immutable state of a depot: the packages that are installed. A value.
struct Generation {
    std::uint64_t number = 0;
    std::map<std::string, Manifest> layers{};  ///< by layer name

    friend bool operator==(const Generation&, const Generation&) = default;
};

/// The folder on a device where packages are installed, versioned. README.md here has the layout
/// and why it is safe.
///
/// Every file is immutable under its name but `CURRENT`, which is replaced by rename; so reading
/// needs no lock, and any number of processes may read while one writes. The object holds only
/// paths: safe for concurrent use.
class Depot {
public:
    explicit Depot(std::filesystem::path root) : root_{std::move(root)} {}

    /// Whether the folder is a depot.
    static bool is_depot(const std::filesystem::path& folder);

    /// Create the depot where there is none, with an empty generation 0. Throws `already_exists`
    /// for a folder that holds anything else, `corrupt` for a depot that has lost its `CURRENT`.
    /// REQUIRES: the DepotLock.
    void create_if_missing(FileOps& files) const;

    const std::filesystem::path& root() const { return root_; }
    std::filesystem::path staging() const { return root_ / "staging"; }

    /// The number in `CURRENT`.
    std::uint64_t current_number() const;

    /// Read a generation. Throws `not_found` when the depot does not keep it.
    Generation load(std::uint64_t number) const;
    Generation load_current() const { return load(current_number()); }

    /// The number after the highest that any generation ever had here.
    std::uint64_t next_number() const;

    /// Write a generation that does not exist yet and make it current: the one step in which a
    /// replace happens.
    void publish(FileOps& files, const Generation& generation) const;

    /// Where the file of an installed layer is stored, whether it is there or not.
    std::filesystem::path stored_path(const std::string& layer, const PackageFile& file) const;

private:
    std::filesystem::path generation_path(std::uint64_t number) const;
    void check_is_new() const;

    std::filesystem::path root_;
};

/// The right to change a depot, held by one process at a time. Freed with the object, or with the
/// process.
class DepotLock {
public:
    /// Creates the folder of the depot where it is missing. Throws `busy` when another process
    /// holds the lock.
    explicit DepotLock(const Depot& depot);

private:
    UniqueFd lock_;
};

}  // namespace offgrid
