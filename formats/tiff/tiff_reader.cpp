#include "formats/base/error.h"
#include "formats/store/in_cache.h"
#include "formats/tiff/jpeg_stream.h"
#include "formats/tiff/tiff_store.h"

#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t max_open_files = 16;

}  // namespace

TiffReader::TiffReader(const TiffOptions& options, TilesetSlice slice)
    : cache_{options.name},
      slice_{std::move(slice)},
      files_{options, slice_},
      open_files_{max_open_files} {}

Bytes TiffReader::content(const TileKey& key, const tiff::TiffFiles::Found& found) const {
    const auto colours = found.file.layout().photometric == tiff::photometric_rgb
                             ? tiff::Colours::rgb
                             : tiff::Colours::as_marked;
    try {
        return tiff::complete_jpeg(found.file.read(found.extent), found.file.tables(), colours,
                                   files_.places().grid().tile_size());
    } catch (const Error& error) {
        rethrow_with(error, "{}: tile {}/{}/{}", found.file.path(), key.z, key.x, key.y);
    }
}

template <typename Use>
auto TiffReader::find(const TileKey& key, const Use& use) const {
    using Answer = decltype(use(std::declval<const tiff::TiffFiles::Found&>()));
    const auto& places = files_.places();
    if (!places.grid().contains(key)) {
        return Answer{};
    }
    return in_cache(cache_, [&] {
        const auto place = places.place_of(key);
        const auto file = open_files_.acquire(place.file);
        const auto extent = file ? file->find(places.index_in(*file, key, place)) : std::nullopt;
        return extent ? use(tiff::TiffFiles::Found{*file, *extent}) : Answer{};
    });
}

std::optional<Tile> TiffReader::get(const TileKey& key) const {
    return find(key, [&](const tiff::TiffFiles::Found& found) {
        return std::optional{Tile{content(key, found), found.file.modified()}};
    });
}

bool TiffReader::exists(const TileKey& key) const {
    return find(key, [](const tiff::TiffFiles::Found& /*found*/) { return true; });
}

void TiffReader::scan(const TileRange& range, const Visitor& visit) const {
    files_.visit(range, [&](const TileKey& key, const tiff::TiffFiles::Found& found) {
        visit(key, in_cache(cache_, [&] { return content(key, found); }));
    });
}

void TiffReader::list(const TileRange& range, const SizeVisitor& visit) const {
    files_.visit(range, [&](const TileKey& key, const tiff::TiffFiles::Found& found) {
        visit(key, found.extent.size);
    });
}

}  // namespace offgrid
