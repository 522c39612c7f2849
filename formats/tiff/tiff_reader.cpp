#include "formats/base/error.h"
#include "formats/store/in_cache.h"
#include "formats/store/template_files.h"
#include "formats/tiff/jpeg_stream.h"
#include "formats/tiff/tiff_file.h"
#include "formats/tiff/tiff_store.h"
#include "formats/tiff/tile_places.h"

#include <functional>

namespace offgrid {
namespace {

constexpr std::size_t max_open_files = 64;

}  // namespace

class TiffReader::Impl final : public TileFiles {
public:
    /// A tile that a file has.
    struct Found {
        const tiff::TiffFile& file;
        tiff::Extent extent;
    };
    using FoundVisitor = std::function<void(const TileKey& key, const Found& found)>;

    Impl(const TiffOptions& options, TilesetSlice slice)
        : name_{options.name},
          slice_{std::move(slice)},
          places_{options, slice_},
          files_{places_.names(), places_.grid(), slice_.values} {}

    const std::string& name() const { return name_; }
    const StoreInfo& info() const { return slice_.info; }

    const PathTemplate& names() const override { return places_.names(); }
    std::vector<std::string> list() const override { return files_.list(); }
    void list_tiles(const std::string& path, const Visitor& visit) const override;

    std::optional<Tile> get(const TileKey& key) const;
    bool exists(const TileKey& key) const;

    /// Visit the tiles of a range file by file, in the order of their names.
    void visit(const TileRange& range, const FoundVisitor& visit) const;

    Bytes content(const TileKey& key, const Found& found) const;

private:
    void visit_tile(const tiff::TiffFile& file, const TileKey& key,
                    const FoundVisitor& visit) const;

    std::string name_;
    TilesetSlice slice_;
    tiff::TilePlaces places_;
    TemplateFiles files_;
    mutable tiff::TiffFileCache open_files_{max_open_files};
};

Bytes TiffReader::Impl::content(const TileKey& key, const Found& found) const {
    const auto colours = found.file.layout().photometric == tiff::photometric_rgb
                             ? tiff::Colours::rgb
                             : tiff::Colours::as_marked;
    try {
        return tiff::complete_jpeg(found.file.read(found.extent), found.file.tables(), colours,
                                   places_.grid().tile_size());
    } catch (const Error& error) {
        rethrow_with(error, "{}: tile {}/{}/{}", found.file.path(), key.z, key.x, key.y);
    }
}

std::optional<Tile> TiffReader::Impl::get(const TileKey& key) const {
    if (!places_.grid().contains(key)) {
        return std::nullopt;
    }
    const auto place = places_.place_of(key);
    const auto file = open_files_.acquire(place.file);
    if (!file) {
        return std::nullopt;
    }
    const auto extent = file->find(places_.index_in(*file, key, place));
    if (!extent) {
        return std::nullopt;
    }
    return Tile{content(key, {*file, *extent}), file->modified()};
}

bool TiffReader::Impl::exists(const TileKey& key) const {
    if (!places_.grid().contains(key)) {
        return false;
    }
    const auto place = places_.place_of(key);
    const auto file = open_files_.acquire(place.file);
    return file && file->find(places_.index_in(*file, key, place));
}

void TiffReader::Impl::visit_tile(const tiff::TiffFile& file, const TileKey& key,
                                  const FoundVisitor& visit) const {
    const auto index = places_.index_in(file, key, places_.place_of(key));
    if (const auto extent = file.find(index)) {
        visit(key, {file, *extent});
    }
}

void TiffReader::Impl::visit(const TileRange& range, const FoundVisitor& visit) const {
    if (range.is_empty() || !places_.may_hold(range.z)) {
        return;
    }
    for (const auto& path : files_.list(range)) {
        const auto match = names().match(path);
        const auto file = match ? tiff::TiffFile::open(path) : nullptr;
        if (!file) {
            continue;  // it has just been removed
        }
        const auto part = intersection(range, names().range_of(*match, places_.grid(), range.z));
        for (auto y = part.min_y; y < part.max_y; ++y) {
            for (auto x = part.min_x; x < part.max_x; ++x) {
                visit_tile(*file, {range.z, x, y}, visit);
            }
        }
    }
}

void TiffReader::Impl::list_tiles(const std::string& path, const Visitor& visit) const {
    walk_in_cache(name_, visit, [&](const auto& found) {
        const auto match = names().match(path);
        const auto file = match ? tiff::TiffFile::open(path) : nullptr;
        if (!file) {
            throw Error{Errc::not_found, fmt::format("no file {}", path)};
        }
        const auto& grid = places_.grid();
        for (int z = 0; z < grid.levels(); ++z) {
            const auto range = names().range_of(*match, grid, z);
            if (range.is_empty() || !places_.may_hold(z)) {
                continue;
            }
            // Whatever its name covers, the image may hold more: what lies outside the matrix.
            const TileKey first{z, range.min_x, range.min_y};
            const auto place = places_.place_of(first);
            places_.index_in(*file, first, place);  // throws when it has another shape
            const auto& image = file->layout();
            for (std::uint64_t index = 0; index < image.across * image.down; ++index) {
                if (const auto extent = file->find(index)) {
                    found(places_.key_at(*file, index, first), extent->size);
                }
            }
        }
    });
}

TiffReader::TiffReader(const TiffOptions& options, TilesetSlice slice)
    : impl_{in_cache(options.name,
                     [&] { return std::make_unique<const Impl>(options, std::move(slice)); })} {}

TiffReader::~TiffReader() = default;

const StoreInfo& TiffReader::info() const {
    return impl_->info();
}

std::optional<Tile> TiffReader::get(const TileKey& key) const {
    return in_cache(impl_->name(), [&] { return impl_->get(key); });
}

bool TiffReader::exists(const TileKey& key) const {
    return in_cache(impl_->name(), [&] { return impl_->exists(key); });
}

void TiffReader::scan(const TileRange& range, const Visitor& visit) const {
    walk_in_cache(impl_->name(), visit, [&](const auto& found_tile) {
        impl_->visit(range, [&](const TileKey& key, const Impl::Found& found) {
            found_tile(key, BytesView{impl_->content(key, found)});
        });
    });
}

void TiffReader::list(const TileRange& range, const SizeVisitor& visit) const {
    walk_in_cache(impl_->name(), visit, [&](const auto& found_tile) {
        impl_->visit(range, [&](const TileKey& key, const Impl::Found& found) {
            found_tile(key, found.extent.size);
        });
    });
}

const TileFiles* TiffReader::files() const {
    return impl_.get();
}

}  // namespace offgrid
