#pragma once

#include "formats/image/encode.h"
#include "formats/tiff/cog_writer.h"
#include "tests/support/temp_folder.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace offgrid::test {

/// A picture that no other tile has: waves whose phase is the key's. With `alpha`, some of it is
/// transparent.
Image picture(const TileKey& key, int size = 256, bool has_alpha = false);

using EncodedTiles = std::map<TileKey, Bytes>;

/// The tiles of a range, each its picture.
void add_pictures(EncodedTiles& tiles, const TileRange& range, Encoder encoder,
                  bool has_alpha = false);

/// The slice of a whole grid.
TilesetSlice whole_slice(const Grid& grid);

/// Write the tiles in the order of their keys.
void write_cog(const CogOptions& options, const EncodedTiles& tiles,
               const Grid& grid = Grid::google_maps_compatible());

}  // namespace offgrid::test
