#include "formats/tiff/tiff_files.h"

#include "formats/base/error.h"
#include "formats/store/in_cache.h"

#include <memory>

namespace offgrid::tiff {

TiffFiles::TiffFiles(const TiffOptions& options, const TilesetSlice& slice)
    : cache_{options.name},
      values_{slice.values},
      places_{in_cache(cache_,
                       [&] {
                           return TilePlaces{options, slice};
                       })},
      files_{places_.names(), places_.grid(), values_} {}

std::vector<std::string> TiffFiles::list() const {
    return in_cache(cache_, [&] { return files_.list(); });
}

void TiffFiles::list_tiles(const std::string& path, const Visitor& visit) const {
    const auto file = in_cache(cache_, [&] {
        auto opened = names().match(path) ? TiffFile::open(path) : nullptr;
        if (!opened) {
            throw Error{Errc::not_found, fmt::format("no file {}", path)};
        }
        return opened;
    });
    for (int z = 0; z < places_.grid().levels(); ++z) {
        const auto covered = files_.covered(path, z);
        if (!covered.is_empty() && places_.may_hold(z)) {
            list_zoom(*file, covered, visit);
        }
    }
}

/// Whatever its name covers, the image may hold more: what lies outside the matrix.
void TiffFiles::list_zoom(const TiffFile& file, const TileRange& covered,
                          const Visitor& visit) const {
    const TileKey first{covered.z, covered.min_x, covered.min_y};
    in_cache(cache_, [&] {
        places_.index_in(file, first, places_.place_of(first));  // throws when it has another shape
    });
    const auto tiles = file.layout().across * file.layout().down;
    for (std::uint64_t index = 0; index < tiles; ++index) {
        if (const auto extent = in_cache(cache_, [&] { return file.find(index); })) {
            visit(places_.key_at(file, index, first), extent->size);
        }
    }
}

void TiffFiles::visit(const TileRange& wanted, const FoundVisitor& visit) const {
    const auto& grid = places_.grid();
    if (wanted.z < 0 || wanted.z >= grid.levels() || !places_.may_hold(wanted.z)) {
        return;
    }
    const auto range = intersection(wanted, grid.whole(wanted.z));
    if (range.is_empty()) {
        return;
    }
    for (const auto& path : in_cache(cache_, [&] { return files_.list(range); })) {
        const auto file = in_cache(cache_, [&] { return TiffFile::open(path); });
        if (!file) {
            continue;  // it has just been removed
        }
        const auto part = intersection(range, files_.covered(path, range.z));
        for (auto y = part.min_y; y < part.max_y; ++y) {
            for (auto x = part.min_x; x < part.max_x; ++x) {
                const TileKey key{range.z, x, y};
                const auto extent = in_cache(cache_, [&] {
                    return file->find(places_.index_in(*file, key, places_.place_of(key)));
                });
                if (extent) {
                    visit(key, {*file, *extent});
                }
            }
        }
    }
}

}  // namespace offgrid::tiff
