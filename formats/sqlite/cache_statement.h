#pragma once

#include "formats/base/bytes.h"
#include "formats/sqlite/cache_options.h"
#include "formats/sqlite/sqlite.h"
#include "formats/store/tileset_slice.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace offgrid::sqlite {

/// What a statement of a cache may be told, by name: MapCache's parameters, and for statements of
/// our own the id of an image, a time, the edges of a range and the address that rows come after.
enum class CacheParameter {
    x,
    y,
    z,
    inv_x,
    inv_y,
    dim,
    grid,
    tileset,
    data,
    id,
    time,
    min_x,
    max_x,
    min_y,
    max_y,
    after_x,
    after_y,
    after_z,
};

/// A statement that takes CacheParameters; those that it does not name are left out. One thread at
/// a time.
class CacheStatement {
public:
    explicit CacheStatement(Statement statement);

    /// Texts and blobs are borrowed until the next `reset`.
    template <typename Value>
    CacheStatement& bind(CacheParameter parameter, Value value) {
        if (const int index = indices_[static_cast<std::size_t>(parameter)]; index != 0) {
            statement_.bind(index, value);
        }
        return *this;
    }

    /// One run of the statement. Makes it ready for the next one when it ends, so that no lock
    /// stays.
    class Run {
    public:
        explicit Run(CacheStatement& statement) : statement_{statement.statement_} {}
        ~Run() { statement_.reset(); }
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;

        bool step() { return statement_.step(); }
        const Statement& row() const { return statement_; }

    private:
        Statement& statement_;
    };

    Run run() { return Run{*this}; }

    /// Run it to its end.
    void execute();

    /// See Statement.
    int recompilations() const { return statement_.recompilations(); }

private:
    Statement statement_;
    std::array<int, 18> indices_{};  // 0: not named
};

/// One slice of a cache as its statements see it: its texts, and its tiles with rows counted as the
/// cache counts them. Immutable; safe for concurrent use. The grid is not owned.
class CacheSlice {
public:
    CacheSlice(const CacheOptions& options, const TilesetSlice& slice);

    const Grid& grid() const { return grid_; }
    const std::string& tileset() const { return tileset_; }

    /// Bind what names the slice. It is borrowed: the slice outlives the run.
    void bind(CacheStatement& statement) const;

    /// Bind the slice and a tile. REQUIRES: the grid contains the tile.
    void bind(CacheStatement& statement, const TileKey& key) const;

    /// Bind the slice and a range. REQUIRES: it is not empty and within the grid.
    void bind(CacheStatement& statement, const TileRange& range) const;

    /// The tile of that zoom, column and row, any numbers: those beyond all grids stay there.
    TileKey key_of(std::int64_t z, std::int64_t x, std::int64_t row) const;

    /// The row of a tile as the cache counts it. REQUIRES: the grid has the zoom.
    std::int64_t row_of(const TileKey& key) const {
        return counts_from_south_ ? grid_.flip(key.z, key.y) : key.y;
    }

private:
    const Grid& grid_;
    bool counts_from_south_;
    std::string tileset_;
    std::string dimensions_;
};

}  // namespace offgrid::sqlite
