#include "formats/tiff/cog_jpeg.h"

#include "formats/base/error.h"
#include "formats/image/jpeg.h"
#include "formats/tiff/jpeg_stream.h"
#include "formats/tiff/tile_fitter.h"

#include <algorithm>
#include <tuple>

namespace offgrid::tiff {
namespace {

constexpr std::uint16_t no_kind = 0;

}  // namespace

std::uint16_t CogJpeg::number_of(BytesView tile) {
    const auto kind = TileFitter::kind_of(tile);
    return kind ? number_of(*kind) : no_kind;
}

void CogJpeg::unify(CogContent& content, std::map<int, SpooledTiles>& tiles, TileSpool& spool) {
    content.jpeg = choose(content);
    encode_others(content, tiles, spool);
    content.jpeg_tables = tables_of(content, spool);
}

std::uint16_t CogJpeg::number_of(const ImageLayout& kind) {
    const auto known = std::ranges::find(kinds_, kind);
    const auto index = known - kinds_.begin();
    if (known == kinds_.end()) {
        kinds_.push_back(kind);
    }
    return static_cast<std::uint16_t>(index + 1);
}

/// How the most tiles are encoded. Where others must become like them, of the kinds that can be
/// encoded.
ImageLayout CogJpeg::choose(const CogContent& content) const {
    std::vector<std::size_t> counts(kinds_.size() + 1);
    std::size_t tiles = 0;
    for (const auto& image : content.images) {
        tiles += image.tiles->size();
        for (const auto& tile : *image.tiles) {
            ++counts[tile.kind];
        }
    }
    ImageLayout chosen{
        .tile_size = static_cast<std::uint64_t>(content.grid->tile_size()),
        .photometric = photometric_ycbcr,
        .samples = 3,
        .chroma_width_factor = 2,
        .chroma_height_factor = 2,
    };
    const auto rank = [&](std::size_t number) {  // does not depend on the order of the tiles
        const auto& kind = kinds_[number - 1];
        return std::tuple{counts[number], kind.samples, kind.photometric, kind.chroma_width_factor,
                          kind.chroma_height_factor};
    };
    std::size_t best = no_kind;
    for (std::size_t number = 1; number < counts.size(); ++number) {
        const bool can_be = counts[number] > 0 &&
                            (counts[number] == tiles || TileFitter::can_encode(kinds_[number - 1]));
        if (can_be && (best == no_kind || rank(number) > rank(best))) {
            best = number;
            chosen = kinds_[number - 1];
        }
    }
    return chosen;
}

void CogJpeg::encode_others(const CogContent& content, std::map<int, SpooledTiles>& tiles,
                            TileSpool& spool) {
    const auto kind = number_of(content.jpeg);
    TileFitter fitter{quality_};
    Bytes jpeg;
    for (const auto& image : content.images) {
        const auto z = image.level.range.z;
        for (auto& tile : tiles[z]) {
            if (tile.kind == kind) {
                continue;
            }
            jpeg.resize(tile.size);
            spool.file().read(tile.offset, jpeg);
            try {
                spool.replace(tile, fitter.fit(jpeg, content.jpeg), kind);
            } catch (const Error& error) {
                rethrow_with(error, "tile {}/{}/{}", z, tile.x, tile.y);
            }
        }
    }
}

/// Of the first tile, so that readers see the quality; all tiles have their own.
Bytes CogJpeg::tables_of(const CogContent& content, const TileSpool& spool) const {
    for (const auto& image : content.images) {
        if (!image.tiles->empty()) {
            const auto& first = image.tiles->front();
            Bytes jpeg(first.size);
            spool.file().read(first.offset, jpeg);
            return tables_in(jpeg);
        }
    }
    return jpeg_tables(quality_);
}

}  // namespace offgrid::tiff
