#pragma once

#include "formats/base/bytes.h"
#include "formats/tile/grid.h"
#include "formats/tile/tile_format.h"

#include <functional>
#include <optional>
#include <string>

namespace offgrid {

/// One encoded tile as a store holds it.
struct Tile {
    Bytes content{};
};

/// What a store holds, as far as it says so itself.
struct StoreInfo {
    const Grid* grid = &Grid::google_maps_compatible();  ///< not owned; outlives the store
    std::string name{};
    std::string description{};
    std::string attribution{};
    std::optional<TileFormat> format{};  ///< nothing: mixed, or not known
    int min_zoom = 0;
    int max_zoom = 0;
    std::optional<Box> bounds{};  ///< longitude and latitude degrees; nothing: not known
};

/// Reads the tiles of one tileset in one grid.
///
/// Absent is a value: a tile that is not there is nothing, and so is one outside the grid or in a
/// file that a partial package does not have. Failure is an Error: a damaged file, a handle that
/// could not be had in time. Implementations are safe for concurrent use.
class TileReader {
public:
    /// Called for each tile. The content is valid for the call only.
    using Visitor = std::function<void(const TileKey& key, BytesView content)>;

    virtual ~TileReader() = default;
    TileReader(const TileReader&) = delete;
    TileReader& operator=(const TileReader&) = delete;

    virtual const StoreInfo& info() const = 0;

    virtual std::optional<Tile> get(const TileKey& key) const = 0;

    /// Visit every tile of the range that the store has, in the order that is cheapest for it.
    virtual void scan(const TileRange& range, const Visitor& visit) const = 0;

protected:
    TileReader() = default;
};

/// Writes the tiles of one tileset. Owned by one thread.
///
/// Work becomes visible in `commit`; without it the destructor abandons what was written.
class TileWriter {
public:
    virtual ~TileWriter() = default;
    TileWriter(const TileWriter&) = delete;
    TileWriter& operator=(const TileWriter&) = delete;

    /// Store the tile, in place of an older one of the same key.
    virtual void put(const TileKey& key, BytesView content) = 0;

    /// Remove the tile; absent is fine.
    virtual void erase(const TileKey& key) = 0;

    /// Finish. Nothing may be called after it.
    virtual void commit() = 0;

protected:
    TileWriter() = default;
};

}  // namespace offgrid
