#pragma once

#include "formats/gwc/tileset_id.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace offgrid::gwc {

// What is done to one SQLite file of a store as a whole. Each waits up to 30 s for who else writes
// the file, then throws `busy`. A file that is not there any more is never made.

/// Do something while nobody else writes the file, such as moving it; all of it is in it by then.
/// False, and nothing is done, when there is no file. One that is damaged, nobody writes.
///
/// In WAL mode it throws `busy` at once where others have it open, and leaves that mode: what only
/// stands in the `-wal` would stay behind.
bool while_nobody_writes(const std::string& path, const std::function<void()>& action);

/// Remove what SQLite has kept beside a file of that name, so that the next one of the name does
/// not get it. REQUIRES: nobody writes the file, or there is none.
void remove_side_files(const std::string& path);

/// Have the row `name` of `metadata` say another name, where it says that one; only such a file is
/// written. One that is damaged has no name to change.
void rename_layer_in(const std::string& path, const std::string& layer, const std::string& name);

struct RemovedTiles {
    std::int64_t tiles = 0;
    bool is_gone = false;  ///< and the file with them
};

/// What becomes of a file that has no tiles any more.
enum class WhenEmpty { keep_file, remove_file };

/// Remove the tiles of the ranges with their times, and keep `minzoom` and `maxzoom` true; in one
/// transaction, after which an empty file goes. Throws `unsupported` for tables that are only read.
RemovedTiles remove_tiles(const std::string& path, std::span<const SouthRange> ranges,
                          WhenEmpty when_empty);

}  // namespace offgrid::gwc
