#include "serve/found_stores.h"

#include "formats/base/error.h"
#include "formats/config/tile_tree.h"
#include "formats/package/depot.h"
#include "formats/package/manifest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

bool is_absent(int error_number) {
    return error_number == ENOENT || error_number == ENOTDIR;
}

void note_unread(FoundStores& found, std::string name, const fs::path& path, int error_number) {
    if (found.unread.empty()) {
        found.failure = system_error(error_number, "cannot look at " + path.string()).what();
    }
    found.unread.push_back(std::move(name));
}

/// Nothing where there is none, and where that cannot be told, which is noted under the name.
std::optional<struct stat> status_of(const fs::path& path, const std::string& name,
                                     FoundStores& found) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        return status;
    }
    if (!is_absent(errno)) {
        note_unread(found, name, path, errno);
    }
    return std::nullopt;
}

std::int64_t in_ns(const timespec& time) {
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    return time.tv_sec * ns_per_s + time.tv_nsec;
}

FileIdentity identity_of(const struct stat& status) {
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .bytes = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = in_ns(status.st_mtim),
            .changed_ns = in_ns(status.st_ctim)};
}

std::optional<StoreKind> kind_of_file(const fs::path& path) {
    static constexpr std::array<std::pair<std::string_view, StoreKind>, 5> kinds{
        {{".mbtiles", StoreKind::mbtiles},
         {".pmtiles", StoreKind::pmtiles},
         {".gpkg", StoreKind::geopackage},
         {".tif", StoreKind::geotiff},
         {".tiff", StoreKind::geotiff}}};
    const auto extension = path.extension().string();
    const auto* const found =
        std::ranges::find(kinds, std::string_view{extension}, &decltype(kinds)::value_type::first);
    return found == kinds.end() ? std::nullopt : std::optional{found->second};
}

bool is_configuration_name(const fs::path& name) {
    return name == "mapcache.xml" || name == "geowebcache.xml";
}

/// A folder that is one store. Its identity is that of the file by which it is known, or its own.
std::optional<FoundStore> store_in(const fs::path& folder, const std::string& name,
                                   const struct stat& status, FoundStores& found) {
    FoundStore store{.path = folder, .name = name, .identity = identity_of(status)};
    if (const auto manifest = status_of(folder / manifest_name, name, found);
        manifest && S_ISREG(manifest->st_mode)) {
        store.kind = StoreKind::package;
        store.identity = identity_of(*manifest);
        store.identity.folder_modified_ns = in_ns(status.st_mtim);
        return store;
    }
    try {
        if (Depot::is_depot(folder)) {
            store.kind = StoreKind::depot;
            store.identity = {.device = status.st_dev, .inode = status.st_ino};
            return store;
        }
    } catch (const fs::filesystem_error& error) {
        note_unread(found, name, folder, error.code().value());
    }
    return std::nullopt;
}

/// Collects what a folder has.
class Walk {
public:
    Walk(FoundStores& found, const WalkLimits& limits) : found_{found}, limits_{limits} {}

    void enter(const fs::path& folder, const std::string& name, const struct stat& status,
               std::size_t depth) {
        if (!known_.insert({status.st_dev, status.st_ino}).second) {
            return;
        }
        const auto names = names_in(folder, name);
        if (depth > 0 && config::is_tile_tree(folder, names)) {
            found_.stores.push_back({.path = folder,
                                     .name = name,
                                     .kind = StoreKind::tile_tree,
                                     .identity = identity_of(status)});
            return;
        }
        found_.folders.push_back(folder);
        for (const auto& child : names) {
            look_at(folder / child, name.empty() ? child : name + "/" + child, depth);
        }
    }

private:
    std::vector<std::string> names_in(const fs::path& folder, const std::string& folder_name) {
        std::vector<std::string> names;
        std::error_code failure;
        for (fs::directory_iterator entry{folder, failure}; !failure && entry != end(entry);
             entry.increment(failure)) {
            if (entries_ == limits_.max_entries) {
                found_.is_cut_off = true;
                break;
            }
            ++entries_;
            auto name = entry->path().filename().string();
            if (!name.starts_with('.')) {
                names.push_back(std::move(name));
            }
        }
        if (failure && !is_absent(failure.value())) {
            note_unread(found_, folder_name, folder, failure.value());
        }
        std::ranges::sort(names);
        return names;
    }

    void look_at(const fs::path& path, const std::string& name, std::size_t depth) {
        const auto status = status_of(path, name, found_);
        if (!status) {
            return;
        }
        if (S_ISDIR(status->st_mode)) {
            look_into(path, name, *status, depth);
            return;
        }
        const auto kind = is_configuration_name(path.filename())
                              ? std::optional{StoreKind::configuration}
                              : kind_of_file(path);
        if (kind && S_ISREG(status->st_mode)) {
            found_.stores.push_back(
                {.path = path, .name = name, .kind = *kind, .identity = identity_of(*status)});
        }
    }

    void look_into(const fs::path& folder, const std::string& name, const struct stat& status,
                   std::size_t depth) {
        if (auto store = store_in(folder, name, status, found_)) {
            if (!known_.insert({status.st_dev, status.st_ino}).second) {
                return;
            }
            if (store->kind == StoreKind::depot) {
                found_.folders.push_back(folder);
            }
            found_.stores.push_back(*std::move(store));
        } else if (depth == limits_.max_depth) {
            found_.is_cut_off = true;
        } else {
            enter(folder, name, status, depth + 1);
        }
    }

    FoundStores& found_;
    const WalkLimits& limits_;
    std::size_t entries_ = 0;
    std::set<std::pair<dev_t, ino_t>> known_;  // folders
};

void add_file(FoundStores& found, const fs::path& path, const struct stat& status) {
    auto kind = kind_of_file(path);
    if (path.extension() == ".xml") {
        kind = StoreKind::configuration;
    }
    // What is named by a user is opened whatever it is called: MBTiles have many names.
    found.stores.push_back({.path = path,
                            .name = own_name(path),
                            .kind = kind.value_or(StoreKind::mbtiles),
                            .identity = identity_of(status)});
}

}  // namespace

std::string own_name(const fs::path& path) {
    return (path.has_filename() ? path : path.parent_path()).filename().string();
}

FoundStores find_stores(const fs::path& path, const WalkLimits& limits) {
    FoundStores found;
    const auto status = status_of(path, "", found);
    if (!status) {
        return found;
    }
    if (!S_ISDIR(status->st_mode)) {
        add_file(found, path, *status);
    } else if (auto store = store_in(path, own_name(path), *status, found)) {
        found.stores.push_back(*std::move(store));
        found.folders.push_back(path);
    } else if (config::is_tile_tree(path)) {
        found.stores.push_back({.path = path,
                                .name = own_name(path),
                                .kind = StoreKind::tile_tree,
                                .identity = identity_of(*status)});
    } else {
        found.is_folder = true;
        Walk{found, limits}.enter(path, "", *status, 0);
        std::ranges::sort(found.stores, {}, &FoundStore::name);
    }
    return found;
}

}  // namespace offgrid
