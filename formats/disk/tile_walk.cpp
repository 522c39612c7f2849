#include "formats/disk/tile_walk.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>

namespace offgrid {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

/// A name in a folder and the tiles below it.
struct Entry {
    TileRange tiles{};
    std::string name{};
};

class Walk {
public:
    using Visit = std::function<void(const TileKey& key, const TileFile& file)>;

    Walk(const DiskPaths& paths, const TileRange& range, const Visit& visit)
        : paths_{paths}, range_{range}, visit_{visit}, path_{paths.root()} {}

    /// Visit what is in the folder that `path_` names.
    void enter(UniqueFd folder, std::size_t depth, const TileRange& tiles) {
        const auto wanted = intersection(tiles, range_);
        auto name = paths_.name_at(depth, {wanted.z, wanted.min_x, wanted.min_y});
        // Names count x and y upwards or downwards: equal in two corners, equal between them.
        if (name == paths_.name_at(depth, {wanted.z, wanted.max_x - 1, wanted.max_y - 1})) {
            if (const auto below = paths_.tiles_below(depth, name, tiles)) {
                visit_entry(folder.get(), depth, {*below, std::move(name)});
            }
            return;
        }
        const std::unique_ptr<DIR, CloseFolder> listing{::fdopendir(folder.get())};
        if (!listing) {
            fail("list");
        }
        const int fd = folder.release();  // the listing's now
        for (const auto& entry : entries_of(listing.get(), depth, tiles)) {
            visit_entry(fd, depth, entry);
        }
    }

    /// The folder of that name, or nothing when there is none.
    UniqueFd open(int parent, const char* name) const {
        UniqueFd folder{::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        if (!folder.is_open() && !is_absence(errno)) {
            fail("open folder");
        }
        return folder;
    }

private:
    [[noreturn]] void fail(std::string_view action) const {
        throw system_error(errno, fmt::format("cannot {} {}", action, path_));
    }

    std::vector<Entry> entries_of(DIR* listing, std::size_t depth, const TileRange& tiles) const {
        std::vector<Entry> entries;
        while (true) {
            errno = 0;
            const auto* const item = ::readdir(listing);
            if (item == nullptr) {
                break;
            }
            const std::string_view name{item->d_name};
            const auto below = paths_.tiles_below(depth, name, tiles);
            if (below && !intersection(*below, range_).is_empty()) {
                entries.push_back({*below, std::string{name}});
            }
        }
        if (errno != 0) {
            fail("list");
        }
        std::ranges::sort(entries, {}, [](const Entry& entry) {
            return std::tie(entry.tiles.min_x, entry.tiles.min_y, entry.name);
        });
        return entries;
    }

    void visit_entry(int parent, std::size_t depth, const Entry& entry) {
        const auto length = path_.size();
        path_ += '/';
        path_ += entry.name;
        if (depth + 1 == paths_.depth()) {
            const TileKey key{entry.tiles.z, entry.tiles.min_x, entry.tiles.min_y};
            visit_(key, {parent, entry.name.c_str(), path_});
        } else if (auto folder = open(parent, entry.name.c_str()); folder.is_open()) {
            enter(std::move(folder), depth + 1, entry.tiles);
        }
        path_.resize(length);
    }

    const DiskPaths& paths_;
    const TileRange range_;
    const Visit& visit_;
    std::string path_;
};

}  // namespace

void walk_tiles(const DiskPaths& paths, const TileRange& range,
                const std::function<void(const TileKey& key, const TileFile& file)>& visit) {
    const auto whole = paths.whole(range.z);
    const auto wanted = intersection(range, whole);
    if (wanted.is_empty()) {
        return;
    }
    Walk walk{paths, wanted, visit};
    if (auto root = walk.open(AT_FDCWD, paths.root().c_str()); root.is_open()) {
        walk.enter(std::move(root), 0, whole);
    }
}

}  // namespace offgrid
