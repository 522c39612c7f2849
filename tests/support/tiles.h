#pragma once

#include "formats/package/manifest.h"
#include "formats/store/tile_store.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace offgrid::test {

/// A pyramid of tiles drawn as text: a line a zoom, rows from the north between `/`, a word a tile,
/// `.` where there is none. The first tile of a zoom is 0/0 unless the zoom names another:
/// `z8@150,127: a b / . c`.
///
///     z0: w
///     z1: a b / . c
using Pyramid = std::map<TileKey, std::string>;
Pyramid draw(std::string_view drawing);

/// The content that stands for a word: a PNG signature followed by it, so that it passes for an
/// image.
std::string png(std::string_view word);
Bytes png_bytes(std::string_view word);

/// The word in such content, or "(absent)".
std::string word_in(const std::optional<Tile>& tile);

/// Write an MBTiles file with the pyramid's tiles, each as `png(word)`, and `metadata` that says
/// so.
void write_mbtiles(const std::filesystem::path& path, const Pyramid& pyramid,
                   const Grid& grid = Grid::google_maps_compatible());

/// Write a package of the pyramid into a folder that does not exist yet; returns its manifest. A
/// manifest that names no pyramids gets the z-top layout with top zoom 1, or 2 where the drawing
/// goes deeper than zoom 2.
Manifest write_package(const std::filesystem::path& folder, const std::string& layer,
                       std::string_view drawing, Manifest manifest = {});

}  // namespace offgrid::test
