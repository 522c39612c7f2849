#pragma once

#include "formats/base/error.h"
#include "formats/store/tile_store.h"
#include "pack/transfer/selection.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Tiles by what became of them. A value.
struct TransferCounts {
    std::int64_t tiles = 0;    ///< written
    std::uint64_t bytes = 0;   ///< of these, as they were written
    std::int64_t failed = 0;   ///< could not be read or written; a file of the source counts as one
    std::int64_t present = 0;  ///< left out because the destination has them
    std::int64_t absent = 0;   ///< asked for in a source that cannot list its tiles, not there

    TransferCounts& operator+=(const TransferCounts& other);

    friend bool operator==(const TransferCounts&, const TransferCounts&) = default;
};

/// How far a transfer has come: all tiles up to this one, in the order in which the source gives
/// them, are committed or counted. A value.
struct TransferMark {
    TileKey last{};
    std::optional<TileKey> written{};  ///< of these the last that was written
    TransferCounts counts{};

    friend bool operator==(const TransferMark&, const TransferMark&) = default;
};

struct TransferProgress {
    int zoom = 0;
    TransferCounts counts{};
    double share = 0;  ///< 0 to 1; 0 throughout where the source tells its tiles only by a scan
};

/// What to transfer, and what a transfer needs from its surroundings. Nothing is owned. Functions
/// that may be called by several threads say so.
struct TransferJob {
    const TileReader& source;
    const Selection& selection;
    const std::vector<TileKey>* only = nullptr;  ///< these keys, ascending, and no selection

    /// A writer for the thread that calls. Several threads.
    std::function<std::unique_ptr<TileWriter>()> open_writer{};
    int writers = 1;  ///< more only for stores that take several at a time

    /// The destination is in files of this machine: when one is locked, is none of ours or may not
    /// be written, that is of the store and not of the tile.
    bool writes_in_files = false;

    /// The destination is a file that appears with its only commit, which then comes in the end,
    /// and only when all was written that could be: no mark is kept before.
    bool is_built_once = false;

    const TileReader* lacking_in = nullptr;  ///< transfer only the tiles that this does not have

    int threads = 1;  ///< that ask the source for single tiles, look up the destination's, convert
    std::function<Bytes(BytesView tile, std::size_t thread)> convert{};  ///< several threads
    double tiles_per_second = 0;                                         ///< of the source; 0: all

    std::optional<TransferMark> after{};  ///< go on after this one
    std::function<void(const TransferMark& mark)>
        keep_mark{};  ///< after each commit; one at a time
    std::function<void(const TileKey& key, std::string_view cause)> keep_failure{};  ///< as above
    std::function<void(const std::string& file, int z, std::string_view cause)>
        keep_file_failure{};  ///< as above, for a file of the source from a zoom on
    std::function<void(const TransferProgress& progress)> report{};  ///< often, by the caller
    const std::atomic<bool>& is_stopped;
};

/// How a transfer went. A value.
struct TransferResult {
    TransferCounts counts{};              ///< tiles and bytes: what is committed
    bool has_started_zoom_again = false;  ///< the tile to go on after was not there any more
    std::optional<Error> ended_by{};      ///< why it ended before its end: `interrupted`, a failure
                                          ///< of a store as a whole, too many failures in a row
};

/// Copy tiles from one store to another, with memory bounded whatever their number.
///
/// A source that can be scanned is read in the order that is cheapest for it, by one thread, while
/// others write; else each tile is asked for. A tile that fails is told to `keep_failure` and left
/// out. When a scan fails, the zoom is read again file by file, where the source has several, and
/// the files that fail are left out; some tiles are then copied twice. What was read when the
/// transfer ends early is committed as far as it was written, except where the destination is built
/// once.
TransferResult transfer(const TransferJob& job);

}  // namespace offgrid
