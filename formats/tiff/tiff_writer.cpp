#include "formats/base/error.h"
#include "formats/image/jpeg.h"
#include "formats/store/in_cache.h"
#include "formats/tiff/tiff_store.h"
#include "formats/tiff/tiff_update.h"
#include "formats/tiff/tile_fitter.h"

#include <algorithm>
#include <map>

namespace offgrid {
namespace {

/// Tiles in memory beyond which they go to the files, where nobody sees them before commit.
constexpr std::size_t max_waiting_bytes = 32U << 20;

/// A new file begins with the place of each of its tiles.
constexpr std::uint64_t max_tiles = 1U << 24;

struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

FileIdentity identity_of(const tiff::TiffFile& file) {
    return {file.status().st_dev, file.status().st_ino};
}

/// What is to happen to one tile.
struct Change {
    tiff::Place place{};
    std::optional<Bytes> tile{};  ///< nothing: erase
};

/// What is to happen to one file.
struct FileChanges {
    tiff::ImageLayout layout{};                     ///< that the tiles fit
    std::map<TileKey, Change> waiting;              ///< in memory
    std::map<std::uint64_t, tiff::Extent> written;  ///< in the file, by index; not published
    FileIdentity written_to{};
};

enum class Publish { no, yes };

}  // namespace

class TiffWriter::Impl {
public:
    Impl(const TiffOptions& options, TilesetSlice slice, Locker& locker)
        : options_{options},
          slice_{std::move(slice)},
          places_{options_, slice_},
          fitter_{options_.quality},
          locker_{locker} {}

    void put(const TileKey& key, BytesView content);
    void erase(const TileKey& key);
    void commit();

    const std::string& name() const { return options_.name; }

private:
    FileChanges& changes_of(const TileKey& key, const tiff::Place& place, BytesView first_tile);
    tiff::ImageLayout new_layout(int z, BytesView first_tile) const;
    void create(const std::string& path, const TileKey& key, const tiff::ImageLayout& layout) const;
    void write_all();
    void write(const std::string& path, FileChanges& changes, Publish publish);
    void append_waiting(const tiff::TiffFile& file, tiff::TiffUpdate& update, FileChanges& changes);

    TiffOptions options_;
    TilesetSlice slice_;
    tiff::TilePlaces places_;
    tiff::TileFitter fitter_;
    Locker& locker_;
    std::map<std::string, FileChanges> files_;
    std::size_t waiting_bytes_ = 0;
};

tiff::ImageLayout TiffWriter::Impl::new_layout(int z, BytesView first_tile) const {
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

FileChanges& TiffWriter::Impl::changes_of(const TileKey& key, const tiff::Place& place,
                                          BytesView first_tile) {
    if (const auto found = files_.find(place.file); found != files_.end()) {
        return found->second;
    }
    FileChanges changes;
    if (const auto file = tiff::TiffFile::open(place.file)) {
        places_.index_in(*file, key, place);  // throws when it has another shape
        changes.layout = file->layout();
    } else {
        changes.layout = new_layout(key.z, first_tile);
    }
    return files_.emplace(place.file, std::move(changes)).first->second;
}

void TiffWriter::Impl::put(const TileKey& key, BytesView content) {
    if (!places_.grid().contains(key)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("no tile {}/{}/{} in the grid", key.z, key.x, key.y)};
    }
    if (content.size() > tiff::max_tile_bytes) {
        throw Error{Errc::too_large,
                    fmt::format("tile {}/{}/{} has {} bytes", key.z, key.x, key.y, content.size())};
    }
    auto place = places_.place_of(key);
    Bytes tile;
    auto& changes = changes_of(key, place, content);
    try {
        tile = fitter_.fit(content, changes.layout);
    } catch (const Error& error) {
        rethrow_with(error, "{}: tile {}/{}/{}", place.file, key.z, key.x, key.y);
    }
    auto& change = changes.waiting[key];
    waiting_bytes_ -= change.tile ? change.tile->size() : 0;
    waiting_bytes_ += tile.size();
    change = {std::move(place), std::move(tile)};
    if (waiting_bytes_ > max_waiting_bytes) {
        write_all();
    }
}

void TiffWriter::Impl::erase(const TileKey& key) {
    if (!places_.grid().contains(key)) {
        return;
    }
    auto place = places_.place_of(key);
    auto& change = changes_of(key, place, {}).waiting[key];
    waiting_bytes_ -= change.tile ? change.tile->size() : 0;
    change = {std::move(place), std::nullopt};
}

void TiffWriter::Impl::write_all() {
    for (auto& [path, changes] : files_) {
        if (!changes.waiting.empty()) {
            write(path, changes, Publish::no);
        }
    }
}

/// A file that fails keeps its changes for the next time and does not keep the others from theirs.
void TiffWriter::Impl::commit() {
    std::optional<Error> failure;
    for (auto next = files_.begin(); next != files_.end();) {
        try {
            write(next->first, next->second, Publish::yes);
            next = files_.erase(next);
        } catch (const Error& error) {
            failure = failure.value_or(error);
            ++next;
        }
    }
    if (failure) {
        throw Error{*failure};
    }
}

void TiffWriter::Impl::create(const std::string& path, const TileKey& key,
                              const tiff::ImageLayout& layout) const {
    const auto& grid = places_.grid();
    tiff::create_tiff(path, {.layout = layout,
                             .tables = jpeg_tables(options_.quality),
                             .srs = tiff::geo_keys_of(grid),
                             .corner = places_.corner_of(key),
                             .resolution = grid.resolution(key.z)});
}

void TiffWriter::Impl::write(const std::string& path, FileChanges& changes, Publish publish) {
    const auto lock = locker_.lock(path);
    auto file = tiff::TiffFile::open(path);
    if (!file) {
        const auto put = std::ranges::find_if(
            changes.waiting, [](const auto& change) { return change.second.tile.has_value(); });
        if (put == changes.waiting.end() && changes.written.empty()) {
            changes.waiting.clear();  // nothing to erase
            return;
        }
        if (put != changes.waiting.end()) {
            create(path, put->first, changes.layout);
            file = tiff::TiffFile::open(path);
        }
    }
    if (!file || (!changes.written.empty() && changes.written_to != identity_of(*file))) {
        changes.written.clear();
        throw Error{Errc::io, fmt::format("{} was replaced while tiles were written to it", path)};
    }
    changes.written_to = identity_of(*file);
    auto writable = tiff::RandomFile::open(path, tiff::RandomFile::Access::update);
    if (!writable) {
        throw Error{Errc::io, fmt::format("{} has just been removed", path)};
    }
    tiff::TiffUpdate update{std::move(*writable)};
    append_waiting(*file, update, changes);
    if (publish == Publish::yes && !changes.written.empty()) {
        update.publish(changes.written);
    }
}

void TiffWriter::Impl::append_waiting(const tiff::TiffFile& file, tiff::TiffUpdate& update,
                                      FileChanges& changes) {
    const bool has_other_layout = file.layout() != changes.layout;  // made by another meanwhile
    changes.layout = file.layout();
    while (!changes.waiting.empty()) {
        const auto next = changes.waiting.begin();
        auto& [key, change] = *next;
        const auto index = places_.index_in(file, key, change.place);
        const auto size = change.tile ? change.tile->size() : 0;
        if (!change.tile) {
            changes.written[index] = {};
        } else {
            if (has_other_layout) {
                *change.tile = fitter_.fit(*change.tile, file.layout());
            }
            const auto stored = file.find(index);
            if (stored && stored->size == change.tile->size() &&
                file.read(*stored) == *change.tile) {
                changes.written.erase(index);  // nothing new
            } else {
                changes.written[index] = update.append(*change.tile);
            }
        }
        waiting_bytes_ -= size;
        changes.waiting.erase(next);
    }
}

TiffWriter::TiffWriter(const TiffOptions& options, TilesetSlice slice, Locker& locker)
    : impl_{in_cache(options.name,
                     [&] { return std::make_unique<Impl>(options, std::move(slice), locker); })} {}

TiffWriter::~TiffWriter() = default;

void TiffWriter::put(const TileKey& key, BytesView content) {
    in_cache(impl_->name(), [&] { impl_->put(key, content); });
}

void TiffWriter::erase(const TileKey& key) {
    in_cache(impl_->name(), [&] { impl_->erase(key); });
}

void TiffWriter::commit() {
    in_cache(impl_->name(), [&] { impl_->commit(); });
}

}  // namespace offgrid
