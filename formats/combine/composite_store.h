#pragma once

#include "formats/store/tile_store.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// Several stores behind one name, each for a span of zooms: the first whose span has the tile's
/// zoom answers (MapCache `composite`). Safe for concurrent use.
///
/// A zoom in no span is absent in a package, and beyond the zooms of `info`. Within them, in a
/// cache of a configuration, it is not known whether there is a tile: `get` and `exists` throw
/// `not_found`, where MapCache takes the tile for present. A scan of such a zoom visits nothing.
class CompositeReader final : public TileReader {
public:
    struct Part {
        int min_zoom = 0;  ///< inclusive
        int max_zoom = 0;  ///< inclusive
        std::unique_ptr<TileReader> reader{};
        OtherZooms other_zooms = OtherZooms::ignored;  ///< in the files of the part
    };

    /// All parts are in the grid of `info`. `cache` is the name of a configuration's cache; nothing
    /// for the parts of a package.
    CompositeReader(StoreInfo info, std::vector<Part> parts, std::optional<std::string> cache = {});

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    std::optional<std::string> redirect_url(const TileKey& key) const override;

    /// Whether all parts are.
    bool is_unchanging() const override;

    /// Whether all parts can.
    bool can_scan() const override;
    void scan(const TileRange& range, const Visitor& visit) const override;
    void list(const TileRange& range, const SizeVisitor& visit) const override;

    /// Those of each part, for the zooms that it answers. None where a part has none.
    std::vector<FileSet> file_sets() const override;

private:
    const TileReader* reader_for(int zoom) const;
    const TileReader* reader_of(const TileKey& key) const;

    StoreInfo info_;
    std::vector<Part> parts_;
    std::optional<std::string> cache_;
};

/// Writes several stores behind one name, each for a span of zooms. Owned by one thread.
class CompositeWriter final : public TileWriter {
public:
    struct Span {
        int min_zoom = 0;        ///< inclusive
        int max_zoom = 0;        ///< inclusive
        std::size_t writer = 0;  ///< index: a store may have several spans
    };

    /// `name` is that of the cache, for messages.
    CompositeWriter(std::string name, std::vector<Span> spans,
                    std::vector<std::unique_ptr<TileWriter>> writers);

    /// Throws `invalid_argument` for a zoom that no span has: MapCache loses such tiles.
    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;

    /// Commit all stores. When some fail, the first failure is thrown after all were tried.
    void commit() override;

private:
    TileWriter* writer_for(int zoom) const;

    std::string name_;
    std::vector<Span> spans_;
    std::vector<std::unique_ptr<TileWriter>> writers_;
};

}  // namespace offgrid
