#pragma once

#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/tile_store.h"
#include "formats/tile/path_template.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offgrid {

/// The files of a sharded store: logical names, as a template renders them, and where they are.
/// Safe for concurrent use.
class ShardFiles {
public:
    using Visitor = std::function<void(const std::string& name, const std::string& path)>;

    virtual ~ShardFiles() = default;
    ShardFiles(const ShardFiles&) = delete;
    ShardFiles& operator=(const ShardFiles&) = delete;

    /// The path of the file, or nothing when the store has none of that name.
    virtual std::optional<std::string> find(const std::string& name) const = 0;

    /// Visit all files.
    virtual void visit(const Visitor& visitor) const = 0;

protected:
    ShardFiles() = default;
};

/// Files that are known by heart. Claims them in the pool for as long as it lives.
class ShardMap final : public ShardFiles {
public:
    using Paths = std::unordered_map<std::string, std::string>;  ///< by logical name

    ShardMap(Paths paths, sqlite::MbtilesPool& pool);

    std::optional<std::string> find(const std::string& name) const override;
    void visit(const Visitor& visitor) const override;

private:
    Paths paths_;
    sqlite::MbtilesPool::Hold hold_;
};

/// MBTiles files that share the tiles of one layer, each named by a template of the tiles it holds:
/// z-top pyramids, GeoWebCache's blocks, or a single file. A partial package has only some of the
/// files; tiles of the others are absent.
///
/// The pool is not owned and outlives the reader.
class ShardedReader final : public TileReader {
public:
    ShardedReader(StoreInfo info, PathTemplate names, PathValues values,
                  std::unique_ptr<const ShardFiles> files, sqlite::MbtilesPool& pool);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool is_unchanging() const override { return true; }
    void scan(const TileRange& range, const Visitor& visit) const override;
    const TileFiles* files() const override { return &listing_; }

private:
    /// The files by their logical names; one that is not there is not listed.
    class Listing final : public TileFiles {
    public:
        explicit Listing(const ShardedReader& reader) : reader_{reader} {}

        const PathTemplate& names() const override { return reader_.names_; }
        PathValues values() const override { return reader_.values_; }
        std::vector<std::string> list() const override;
        void list_tiles(const std::string& file, const Visitor& visit) const override;

    private:
        const ShardedReader& reader_;
    };

    StoreInfo info_;
    PathTemplate names_;
    PathValues values_;
    std::unique_ptr<const ShardFiles> files_;
    sqlite::MbtilesPool& pool_;
    Listing listing_{*this};
};

}  // namespace offgrid
