#pragma once

#include "formats/base/bytes.h"
#include "formats/tile/grid_ref.h"
#include "formats/tile/path_template.h"
#include "formats/tile/tile_format.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

/// One encoded tile as a store holds it.
struct Tile {
    Bytes content{};
    std::optional<std::chrono::system_clock::time_point> modified{};  ///< nothing: not known

    friend bool operator==(const Tile&, const Tile&) = default;
};

/// What a store holds, as far as it says so itself.
struct StoreInfo {
    GridRef grid = &Grid::google_maps_compatible();  ///< lives as long as the store
    std::string name{};
    std::string description{};
    std::string attribution{};
    std::optional<TileFormat> format{};  ///< nothing: mixed, or not known
    int min_zoom = 0;
    int max_zoom = 0;
    std::optional<Box> bounds{};  ///< longitude and latitude degrees; nothing: not known
};

/// The files of one store, each with the tiles that its name covers: what coverage counts and
/// verification checks. Safe for concurrent use.
class TileFiles {
public:
    /// Called for each tile of a file with the content's size. A tile whose address lies outside
    /// the grid is visited too: nothing else would find it.
    using Visitor = std::function<void(const TileKey& key, std::uint64_t bytes)>;

    virtual ~TileFiles() = default;
    TileFiles(const TileFiles&) = delete;
    TileFiles& operator=(const TileFiles&) = delete;

    /// What names the files: absolute, or relative to the working folder, as configured.
    virtual const PathTemplate& names() const = 0;

    /// What the keys of the names that stand for texts (`{tileset}`, `{dim}` …) stand for; nothing
    /// where the names have no such keys.
    virtual PathValues values() const { return {}; }

    /// The names of the files that are there, sorted.
    virtual std::vector<std::string> list() const = 0;

    /// Visit every tile of one file, also those that its name does not cover. Throws `corrupt` for
    /// a damaged file.
    virtual void list_tiles(const std::string& file, const Visitor& visit) const = 0;

protected:
    TileFiles() = default;
};

/// Whether a tile of a zoom that a set of files does not answer for is where it should not be.
enum class OtherZooms {
    ignored,    ///< the files may serve others too
    misplaced,  ///< the files are for this set alone
};

/// Files of a store that are named by one template, and the zooms that are looked up in them. A
/// value; the files belong to the store.
struct FileSet {
    const TileFiles* files = nullptr;
    std::vector<int> zooms{};  ///< ascending
    OtherZooms other_zooms = OtherZooms::ignored;
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

    /// Called for each tile with its size as it is stored.
    using SizeVisitor = std::function<void(const TileKey& key, std::uint64_t bytes)>;

    virtual ~TileReader() = default;
    TileReader(const TileReader&) = delete;
    TileReader& operator=(const TileReader&) = delete;

    virtual const StoreInfo& info() const = 0;

    virtual std::optional<Tile> get(const TileKey& key) const = 0;

    /// Whether the store has the tile, without its content where that is cheaper.
    virtual bool exists(const TileKey& key) const { return get(key).has_value(); }

    /// Where a client may fetch the tile by itself; nothing where it cannot or should not. Whether
    /// the tile is there is not asked.
    virtual std::optional<std::string> redirect_url(const TileKey& /*key*/) const {
        return std::nullopt;
    }

    /// Whether a tile stays what it is as long as this object lives, so that what was found out
    /// about one may be kept: the files are opened as immutable, and who puts others in their place
    /// opens another reader.
    virtual bool is_unchanging() const { return false; }

    /// Which reader of this process this is. No other has or will have the number; never 0.
    std::uint64_t id() const { return id_; }

    /// Whether the store can say which tiles it has. Where it cannot (a web server, memcached),
    /// `scan` and `list` throw `unsupported`.
    virtual bool can_scan() const { return true; }

    /// Visit every tile of the range that the store has, in the order that is cheapest for it: the
    /// same order as long as the store does not change.
    virtual void scan(const TileRange& range, const Visitor& visit) const = 0;

    /// Visit the same tiles in the same order, without their content where that is cheaper.
    virtual void list(const TileRange& range, const SizeVisitor& visit) const {
        scan(range, [&](const TileKey& key, BytesView content) { visit(key, content.size()); });
    }

    /// The files of a store that itself keeps its tiles in files named by a template, else null.
    /// Not owned.
    virtual const TileFiles* files() const { return nullptr; }

    /// All files of a store whose tiles are all in files, its own or those of the stores that it is
    /// made of; else none.
    virtual std::vector<FileSet> file_sets() const {
        if (files() == nullptr) {
            return {};
        }
        std::vector<int> zooms(static_cast<std::size_t>(info().grid->levels()));
        std::iota(zooms.begin(), zooms.end(), 0);
        return {{.files = files(), .zooms = std::move(zooms)}};
    }

protected:
    TileReader() = default;

private:
    inline static std::atomic<std::uint64_t> readers_made_ = 0;
    const std::uint64_t id_ = ++readers_made_;
};

/// Writes the tiles of one tileset in one grid. Owned by one thread.
///
/// Work becomes visible in `commit`; without it the destructor abandons what was written since the
/// last one. A store without transactions (a folder of tiles, a web server) shows each tile as soon
/// as `put` returns, whole or not at all. After a failed call the writer is still good for others;
/// a tile that was refused leaves the one that was stored before.
class TileWriter {
public:
    virtual ~TileWriter() = default;
    TileWriter(const TileWriter&) = delete;
    TileWriter& operator=(const TileWriter&) = delete;

    /// Store the tile, in place of an older one of the same key.
    virtual void put(const TileKey& key, BytesView content) = 0;

    /// Remove the tile; absent is fine.
    virtual void erase(const TileKey& key) = 0;

    /// Publish what was put and erased since the last commit. More may follow, except where a store
    /// is built once (MbtilesWriter).
    ///
    /// After a failed commit the work may be lost, in part or whole: a second commit publishes what
    /// is left and does not mend the first. Who needs the tiles puts them again.
    virtual void commit() = 0;

protected:
    TileWriter() = default;
};

}  // namespace offgrid
