#include "formats/base/error.h"
#include "formats/image/jpeg.h"
#include "formats/store/in_cache.h"
#include "formats/tiff/tiff_store.h"

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

/// Tiles in memory beyond which they go to the files, where nobody sees them before commit; and
/// again as many for files that cannot be written to.
constexpr std::size_t max_waiting_bytes = 32U << 20;

/// What a change takes in memory besides its tile.
constexpr std::size_t change_bytes = 256;

/// Each commit to a file rewrites the places of all its tiles, which are in memory meanwhile, some
/// 50 bytes each.
constexpr std::uint64_t max_tiles = 1U << 20;

std::size_t size_of(const tiff::Change& change) {
    return change_bytes + (change.tile ? change.tile->size() : 0);
}

tiff::FileIdentity identity_of(const tiff::TiffFile& file) {
    return {file.status().st_dev, file.status().st_ino};
}

/// The failures of a commit, each of one file: tell the first and how many there are.
class Losses {
public:
    void add(const std::string& path, const Error& error) {
        if (files_++ == 0) {
            path_ = path;
            error_ = error;
        }
    }

    void throw_if_any() const {
        if (files_ == 1) {
            rethrow_with(*error_, "the changes to {} are lost", path_);
        }
        if (files_ > 1) {
            rethrow_with(*error_, "the changes to {} files, such as {}, are lost", files_, path_);
        }
    }

private:
    std::size_t files_ = 0;
    std::string path_;
    std::optional<Error> error_;
};

}  // namespace

TiffWriter::TiffWriter(const TiffOptions& options, TilesetSlice slice, Locker& locker,
                       FileOps& disk)
    : options_{options},
      slice_{std::move(slice)},
      places_{in_cache(options_.name,
                       [&] {
                           return tiff::TilePlaces{options_, slice_};
                       })},
      fitter_{options_.quality},
      locker_{locker},
      disk_{disk} {}

void TiffWriter::put(const TileKey& key, BytesView content) {
    in_cache(options_.name, [&] {
        if (!places_.grid().contains(key)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("no tile {}/{}/{} in the grid", key.z, key.x, key.y)};
        }
        if (content.size() > tiff::max_tile_bytes) {
            throw Error{Errc::too_large, fmt::format("tile {}/{}/{} has {} bytes", key.z, key.x,
                                                     key.y, content.size())};
        }
        auto place = places_.place_of(key);
        auto& changes = changes_of(key, place);
        const auto layout = changes.layout ? *changes.layout : new_layout(key.z, content);
        Bytes tile;
        try {
            tile = fitter_.fit(content, layout);
        } catch (const Error& error) {
            rethrow_with(error, "{}: tile {}/{}/{}", place.file, key.z, key.x, key.y);
        }
        store(changes, key, {std::move(place), std::move(tile)});
        changes.layout = layout;
    });
}

void TiffWriter::erase(const TileKey& key) {
    if (!places_.grid().contains(key)) {
        return;
    }
    in_cache(options_.name, [&] {
        auto place = places_.place_of(key);
        auto& changes = changes_of(key, place);
        store(changes, key, {std::move(place), std::nullopt});
    });
}

/// Throws what the file failed with when it takes no more changes.
tiff::FileChanges& TiffWriter::changes_of(const TileKey& key, const tiff::Place& place) {
    const auto found = files_.find(place.file);
    if (found != files_.end()) {
        if (found->second.failure) {
            throw Error{*found->second.failure};
        }
        return found->second;
    }
    const auto across = places_.across(key.z);
    const auto down = places_.down(key.z);
    if (across > max_tiles / down) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{} by {} tiles a file, more than {}", across, down, max_tiles)};
    }
    tiff::FileChanges changes;
    if (const auto file = tiff::TiffFile::open(place.file)) {
        places_.index_in(*file, key, place);  // throws when it has another shape
        changes.layout = file->layout();
    }
    return files_.emplace(place.file, std::move(changes)).first->second;
}

tiff::ImageLayout TiffWriter::new_layout(int z, BytesView first_tile) const {
    tiff::ImageLayout layout{.across = places_.across(z),
                             .down = places_.down(z),
                             .tile_size = static_cast<std::uint64_t>(places_.grid().tile_size()),
                             .photometric = options_.photometric == Photometric::rgb
                                                ? tiff::photometric_rgb
                                                : tiff::photometric_ycbcr,
                             .samples = 3};
    if (layout.photometric == tiff::photometric_ycbcr) {
        tiff::TileFitter::set_sampling(layout, first_tile);
    }
    return layout;
}

void TiffWriter::store(tiff::FileChanges& changes, const TileKey& key, tiff::Change change) {
    const auto size = size_of(change);
    if (waiting_bytes_ + size > max_waiting_bytes) {
        write_ahead();
        if (changes.failure) {
            throw Error{*changes.failure};
        }
    }
    const auto [at, is_new] = changes.waiting.try_emplace(key);
    if (!is_new) {
        count_out(changes, size_of(at->second));
    }
    at->second = std::move(change);
    changes.waiting_bytes += size;
    waiting_bytes_ += size;
}

/// So many bytes wait no longer.
void TiffWriter::count_out(tiff::FileChanges& changes, std::size_t bytes) {
    changes.waiting_bytes -= bytes;
    waiting_bytes_ -= bytes;
}

/// Every file is tried, whatever the others do.
void TiffWriter::write_ahead() {
    for (auto& [path, changes] : files_) {
        if (changes.waiting.empty() || changes.failure) {
            continue;
        }
        try {
            write(path, changes, Publish::no);
        } catch (const Error& error) {
            keep_failure(changes, error);
        }
    }
}

/// What the file was to get waits for the commit as far as there is room.
void TiffWriter::keep_failure(tiff::FileChanges& changes, const Error& failure) {
    changes.failure = failure;
    changes.is_lost = changes.is_lost || kept_bytes_ + changes.waiting_bytes > max_waiting_bytes;
    waiting_bytes_ -= changes.waiting_bytes;
    if (changes.is_lost) {
        changes.waiting.clear();
        changes.waiting_bytes = 0;
    }
    kept_bytes_ += changes.waiting_bytes;
}

void TiffWriter::commit() {
    Losses losses;
    waiting_bytes_ += std::exchange(kept_bytes_, 0);
    for (auto& [path, changes] : files_) {
        try {
            if (changes.is_lost) {
                throw Error{*changes.failure};
            }
            if (!changes.is_empty()) {
                write(path, changes, Publish::yes);
            }
        } catch (const Error& error) {
            losses.add(path, error);
        }
    }
    files_.clear();
    waiting_bytes_ = 0;
    in_cache(options_.name, [&] { losses.throw_if_any(); });
}

void TiffWriter::create(const std::string& path, const TileKey& key,
                        const tiff::ImageLayout& layout) const {
    const auto& grid = places_.grid();
    tiff::create_tiff(disk_, path,
                      {.layout = layout,
                       .tables = jpeg_tables(options_.quality),
                       .srs = tiff::geo_keys_of(grid),
                       .corner = places_.corner_of(key),
                       .resolution = grid.resolution(key.z)});
}

void TiffWriter::write(const std::string& path, tiff::FileChanges& changes, Publish publish) {
    const auto lock = locker_.lock(path);
    auto file = tiff::TiffFile::open(path);
    if (!file && changes.written.empty()) {
        const auto put = std::ranges::find_if(
            changes.waiting, [](const auto& change) { return change.second.tile.has_value(); });
        if (put == changes.waiting.end()) {  // nothing to erase
            count_out(changes, changes.waiting_bytes);
            changes.waiting.clear();
            return;
        }
        create(path, put->first, *changes.layout);
        file = tiff::TiffFile::open(path);
    }
    if (!file || (!changes.written.empty() && changes.written_to != identity_of(*file))) {
        changes.is_lost = true;
        throw Error{Errc::io, fmt::format("{} was replaced while tiles were written to it", path)};
    }
    changes.written_to = identity_of(*file);
    auto writable = tiff::RandomFile::open(path, tiff::RandomFile::Access::update);
    if (!writable) {
        throw Error{Errc::io, fmt::format("{} has just been removed", path)};
    }
    tiff::TiffUpdate update{std::move(*writable), disk_};
    append_waiting(*file, update, changes);
    if (publish == Publish::yes && !changes.written.empty()) {
        update.publish(changes.written);
    }
}

void TiffWriter::append_waiting(const tiff::TiffFile& file, tiff::TiffUpdate& update,
                                tiff::FileChanges& changes) {
    const bool has_other_layout = file.layout() != changes.layout;  // made by another meanwhile
    while (!changes.waiting.empty()) {
        const auto next = changes.waiting.begin();
        const auto& [key, change] = *next;
        const auto index = places_.index_in(file, key, change.place);
        if (!change.tile) {
            changes.written[index] = {};
        } else {
            const auto fitted =
                has_other_layout ? fitter_.fit(*change.tile, file.layout()) : Bytes{};
            const auto& tile = has_other_layout ? fitted : *change.tile;
            const auto stored = file.find(index);
            if (stored && stored->size == tile.size() && file.read(*stored) == tile) {
                changes.written.erase(index);  // nothing new
            } else {
                changes.written[index] = update.append(tile);
            }
        }
        count_out(changes, size_of(change));
        changes.waiting.erase(next);
    }
    changes.layout = file.layout();
}

}  // namespace offgrid
