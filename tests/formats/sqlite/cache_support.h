#pragma once

#include "formats/sqlite/cache_store.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::sqlite {

/// A cache named `c` in files of a folder.
CacheOptions cache_in(const std::filesystem::path& file, CacheSchema schema = CacheSchema::tiles);

/// The tileset `osm` on the grid.
TilesetSlice slice_on(const Grid& grid = Grid::google_maps_compatible());

/// Run SQL with nothing of ours between it and SQLite, as a foreign program would.
void execute(const std::filesystem::path& path, const std::string& sql);

/// The rows that SQL returns, columns joined by `|`, as the program `sqlite3` prints them.
std::vector<std::string> rows(const std::filesystem::path& path, const std::string& sql);

/// A PNG of one colour.
Bytes blank_tile();

}  // namespace offgrid::sqlite
