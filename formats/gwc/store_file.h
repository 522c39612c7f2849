#pragma once

#include "formats/gwc/tileset_id.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace offgrid::gwc {

// What is done to one SQLite file of a store as a whole. Each waits up to 30 s for who else writes
// the file, then throws `busy`.

/// Do something while nobody else writes the file. One that is damaged, nobody writes.
void while_nobody_writes(const std::string& path, const std::function<void()>& action);

/// Have the row `name` of `metadata` say another name, where it says that one.
void rename_layer_in(const std::string& path, const std::string& layer, const std::string& name);

struct RemovedTiles {
    std::int64_t tiles = 0;
    bool is_gone = false;  ///< and the file with them
};

/// What becomes of a file that has no tiles any more.
enum class WhenEmpty { keep_file, remove_file };

/// Remove the tiles of the ranges with their times, and keep `minzoom` and `maxzoom` true; in one
/// transaction. Throws `unsupported` for tables that are only read.
RemovedTiles remove_tiles(const std::string& path, std::span<const SouthRange> ranges,
                          WhenEmpty when_empty);

}  // namespace offgrid::gwc
