#pragma once

#include "formats/tile/grid.h"

#include <cstdint>
#include <span>
#include <vector>

namespace offgrid::tiff {

/// The tiles of one zoom as an image of a file: the full image or an overview. A value.
struct CogLevel {
    TileRange range{};       ///< may reach beyond the matrix, also to negative rows
    std::int64_t ratio = 1;  ///< pixels of the full image a pixel, each way
};

/// Places of tiles that an image may have however few of them are taken: a megabyte of the file.
inline constexpr std::int64_t cheap_places = 1 << 16;

/// The images of a file whose full image has at least the tiles of `full`, the finest first.
///
/// Overviews show what the full image shows, so it grows to whole tiles of the coarsest one. Of the
/// `lower` zooms (descending) those are taken whose tiles are made of whole tiles of all finer
/// images, until one has at most two by two tiles; and no more than makes the image four times as
/// large, unless it has few tiles.
std::vector<CogLevel> cog_levels(const Grid& grid, const TileRange& full,
                                 std::span<const int> lower);

}  // namespace offgrid::tiff
