#pragma once

#include "formats/pmtiles/directory.h"
#include "formats/pmtiles/tile_spool.h"
#include "formats/tile/range.h"
#include "formats/tile/tile_format.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace offgrid::pmtiles {

/// What the tiles of a file have in common. A value.
struct TileSummary {
    std::uint64_t tiles = 0;
    std::uint64_t entries = 0;   ///< runs of equal tiles
    std::uint64_t contents = 0;  ///< that differ
    std::uint64_t bytes = 0;     ///< of these
    int min_zoom = 0;
    int max_zoom = 0;
    TileRange deepest{};                 ///< around the tiles of the deepest zoom
    std::optional<TileFormat> format{};  ///< nothing: several, or not known
};

/// The tiles that a file will have, in 32 bytes each. First they are added in any order; `finish`
/// settles which of them there are, which are equal and where they go. Owned by one thread.
class TileList {
public:
    /// In place of an older one. `format` as the content shows it.
    void add(std::uint64_t id, const SpooledContent& content, std::optional<TileFormat> format);

    void remove(std::uint64_t id);

    /// Throws what reading the spool throws. Once; nothing is added after it.
    TileSummary finish(const TileSpool& spool);

    /// Visit the runs in the order of their ids. REQUIRES: finished, here and below.
    void for_each_entry(const std::function<void(const Entry& entry)>& visit) const;

    /// Visit the place in the spool of each content once, in the order of the file.
    void for_each_content(
        const std::function<void(std::uint64_t offset, std::uint32_t length)>& visit) const;

private:
    struct Tile {
        std::uint64_t id = 0;

        /// Tells equal contents: first their hash, in whose low bits the format is; then the id of
        /// the first tile that has the content; then where it is in the file.
        std::uint64_t content = 0;

        std::uint64_t spooled = 0;  ///< offset
        std::uint32_t length = 0;   ///< 0: the tile was removed
        std::uint32_t order = 0;    ///< of being added; then 1 for the first with its content
    };
    using Tiles = std::deque<Tile>;  // grows without a copy that takes as much again

    void keep_latest();
    void join_equal(const TileSpool& spool);
    std::uint64_t place();
    std::uint32_t next_order();
    std::optional<TileFormat> common_format() const;
    TileRange range_of_zoom(int z) const;

    Tiles tiles_;
};

}  // namespace offgrid::pmtiles
