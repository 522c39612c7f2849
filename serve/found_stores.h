#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What tells a file from another one that took its name, or from itself before it was written. Of
/// a folder: of what says that something in it is another. A value.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;         ///< since 1970
    std::int64_t changed_ns = 0;          ///< of its content or who may read it, since 1970
    std::int64_t folder_modified_ns = 0;  ///< of a folder that is one store; else 0

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// What is recognised by names alone, without a look into a file.
enum class StoreKind {
    package,
    depot,
    mbtiles,
    pmtiles,
    geopackage,
    geotiff,
    configuration,  ///< a `mapcache.xml` or a `geowebcache.xml`
    tile_tree,      ///< a folder of tiles, one file each
};

/// A file or folder that may be a store of tiles. A value.
struct FoundStore {
    std::filesystem::path path{};
    std::string name{};  ///< relative to the folder that is served, `/` between folders
    StoreKind kind = StoreKind::mbtiles;
    FileIdentity identity{};
};

/// How far a folder is walked: what is beyond is not served.
struct WalkLimits {
    std::size_t max_entries = 250'000;  ///< names looked at
    std::size_t max_depth = 8;          ///< folders below each other
};

/// What is at a path at one moment. A value.
struct FoundStores {
    std::vector<FoundStore> stores{};              ///< in the order of their names
    std::vector<std::filesystem::path> folders{};  ///< that were walked, or are a depot's

    /// What could not be looked at, by its name as that of a store; empty: the path itself. What is
    /// there, or below, is not known.
    std::vector<std::string> unread{};
    std::string failure{};  ///< why, of the first of them

    bool is_folder = false;   ///< the path is one in which stores are looked for
    bool is_cut_off = false;  ///< there is more than the limits allow
};

/// The last name in the path of a file or folder.
std::string own_name(const std::filesystem::path& path);

/// Look what is at the path: one store, or all that are in a folder, at any depth. Names that begin
/// with a dot are skipped, as what is not finished, and so is a folder that a link leads to a
/// second time. Nothing where there is no such path; what cannot be looked at is told.
///
/// Does not throw for what the file system has or fails to do.
FoundStores find_stores(const std::filesystem::path& path, const WalkLimits& limits = {});

}  // namespace offgrid
