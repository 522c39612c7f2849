#pragma once

#include "formats/base/pool.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/tile_store.h"
#include "serve/found_stores.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {

/// A store that is open now, with what it lives on.
struct OpenReader {
    std::shared_ptr<const void> owner{};
    std::unique_ptr<const TileReader> tiles{};
};

/// A place for an open store. One caller at a time.
struct ReaderPlace {
    std::optional<sqlite::MbtilesPool::Place> place{};  ///< counts against the cap of all files
    OpenReader reader{};
};

/// Open stores that each hold a descriptor, under one cap on them.
using ReaderPool = Pool<ReaderPlace>;

/// A pool that takes its places from another, at most half of them, so that each kind of file
/// always finds some: together they never have more files open than that one may. Not owned; it
/// outlives the pool.
std::shared_ptr<ReaderPool> make_reader_pool(std::size_t capacity, sqlite::MbtilesPool& files);

/// Names the content of a file, or of a part of it, and not only its path.
std::string reader_key(const std::string& what, const FileIdentity& identity);

/// A store of one file that is opened when a tile is asked for, and closed when others need its
/// place: ten thousand of them hold no more descriptors than a few. What it says of itself is known
/// beforehand. A process that is out of descriptors has idle stores closed first; where that does
/// not help, what is asked for is `busy`. Safe for concurrent use.
class PooledReader final : public TileReader {
public:
    using Open = std::function<OpenReader()>;

    /// Opens the store once to learn what it says of itself; throws what that throws. The key is a
    /// `reader_key`: a file that takes the name of this one is another.
    PooledReader(std::string key, Open open, std::shared_ptr<ReaderPool> pool);

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

private:
    OpenReader open_making_room() const;

    template <typename Work>
    auto with_reader(const Work& work) const;

    std::string key_;
    Open open_;
    std::shared_ptr<ReaderPool> pool_;
    ReaderPool::Hold hold_;
    StoreInfo info_;
};

}  // namespace offgrid
