#include "formats/disk/disk_store.h"

#include "formats/base/error.h"
#include "formats/base/unique_fd.h"
#include "formats/disk/tile_walk.h"
#include "formats/store/in_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace offgrid {
namespace {

[[noreturn]] void fail(std::string_view action, std::string_view path) {
    throw system_error(errno, fmt::format("cannot {} {}", action, path));
}

std::optional<std::uint64_t> size_at(const std::string& path) {
    return TileFile{AT_FDCWD, path.c_str(), path}.size();
}

}  // namespace

DiskReader::DiskReader(const DiskOptions& options, TilesetSlice slice)
    : name_{options.name}, slice_{std::move(slice)}, paths_{in_cache(name_, [&] {
          return DiskPaths{options, slice_};
      })} {}

std::optional<Tile> DiskReader::get(const TileKey& key) const {
    if (!slice_.info.grid->contains(key)) {
        return std::nullopt;
    }
    const auto path = paths_.path_of(key);
    Tile tile;
    tile.modified = in_cache(name_, [&] {
        return TileFile{AT_FDCWD, path.c_str(), path}.read(tile.content);
    });
    return tile.modified ? std::optional{std::move(tile)} : std::nullopt;
}

bool DiskReader::exists(const TileKey& key) const {
    return slice_.info.grid->contains(key) &&
           in_cache(name_, [&] { return size_at(paths_.path_of(key)).has_value(); });
}

void DiskReader::scan(const TileRange& range, const Visitor& visit) const {
    Bytes content;
    walk_in_cache(name_, visit, [&](const auto& found) {
        walk_tiles(paths_, range, [&](const TileKey& key, const TileFile& file) {
            if (file.read(content)) {
                found(key, BytesView{content});
            }
        });
    });
}

void DiskReader::list(const TileRange& range, const SizeVisitor& visit) const {
    walk_in_cache(name_, visit, [&](const auto& found) {
        walk_tiles(paths_, range, [&](const TileKey& key, const TileFile& file) {
            if (const auto size = file.size()) {
                found(key, *size);
            }
        });
    });
}

DiskWriter::DiskWriter(const DiskOptions& options, TilesetSlice slice, Locker& locker)
    : options_{options},
      slice_{std::move(slice)},
      paths_{in_cache(options_.name,
                      [&] {
                          return DiskPaths{options_, slice_};
                      })},
      locker_{locker},
      publisher_{options_.creation_retry} {}

void DiskWriter::put(const TileKey& key, BytesView content) {
    in_cache(options_.name, [&] { write(checked_path(key), content); });
}

void DiskWriter::erase(const TileKey& key) {
    in_cache(options_.name, [&] {
        has_changes_ = true;
        remove(checked_path(key));
    });
}

void DiskWriter::commit() {
    if (has_changes_) {
        in_cache(options_.name, [&] { sync(); });
        has_changes_ = false;
    }
}

void DiskWriter::write(const std::string& path, BytesView content) {
    if (content.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write {}: the tile is empty", path)};
    }
    const bool links_blank = options_.symlinks_blank && options_.layout != DiskLayout::by_template;
    const auto colour =
        links_blank || options_.leaves_out_blank ? blank_colour_of(content) : std::nullopt;
    has_changes_ = true;
    if (colour && colour->is_transparent() && options_.leaves_out_blank) {
        remove(path);
    } else if (colour && links_blank) {
        put_link(path, *colour, content);
    } else {
        publisher_.write(path, content);
    }
}

void DiskWriter::sync() {
    const UniqueFd home{::open(paths_.home().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    // Where only absent tiles were erased there may be no folder yet.
    if (!home.is_open() && !is_absence(errno)) {
        fail("open folder", paths_.home());
    }
    if (home.is_open() && ::syncfs(home.get()) != 0) {
        fail("sync", paths_.home());
    }
}

std::string DiskWriter::checked_path(const TileKey& key) const {
    if (!slice_.info.grid->contains(key)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write into {}: grid '{}' has no tile {}/{}/{}",
                                paths_.home(), slice_.info.grid->name(), key.z, key.x, key.y)};
    }
    return paths_.path_of(key);
}

void DiskWriter::remove(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && !is_absence(errno)) {
        fail("remove", path);
    }
}

void DiskWriter::put_link(const std::string& path, const BlankColour& colour, BytesView content) {
    const auto blank = paths_.path_of_blank(colour);
    if (!size_at(blank)) {
        const auto lock = locker_.lock(blank);
        if (!size_at(blank)) {
            publisher_.write(blank, content);
        }
    }
    const auto folder = std::filesystem::path{path}.parent_path();
    publisher_.link(path, std::filesystem::path{blank}.lexically_relative(folder).string());
}

}  // namespace offgrid
