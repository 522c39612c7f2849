#pragma once

#include "formats/cache_spec.h"
#include "formats/image/encoding.h"
#include "formats/store/locker.h"
#include "formats/store/tileset_slice.h"
#include "formats/tile/grid.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::config {

/// A dimension of a tileset (mapcache.xml `<dimension>`). Immutable; safe for concurrent use.
class Dimension {
public:
    virtual ~Dimension() = default;
    Dimension(const Dimension&) = delete;
    Dimension& operator=(const Dimension&) = delete;

    const std::string& name() const { return name_; }
    const std::string& default_value() const { return default_value_; }

    /// The values that a request means, as they stand in keys and file names; empty when the value
    /// is not one of the dimension. A time interval means several.
    virtual std::vector<std::string> resolve(std::string_view requested) const = 0;

    /// All values, where they can be listed; empty for a regular expression.
    virtual std::vector<std::string> values() const = 0;

protected:
    Dimension(std::string name, std::string default_value)
        : name_{std::move(name)}, default_value_{std::move(default_value)} {}

private:
    std::string name_;
    std::string default_value_;
};

/// A grid in which a tileset has tiles.
struct GridLink {
    const Grid* grid = nullptr;
    int min_zoom = 0;                        ///< inclusive
    int max_zoom = 0;                        ///< inclusive
    std::optional<Box> restricted_extent{};  ///< in the grid's SRS
    int tolerance = 5;                       ///< tiles around the extent that MapCache makes too

    /// The tiles of a zoom that the tileset may have: none beyond its zooms, its extent and the
    /// tolerance around it.
    TileRange limits(int z) const;

    /// The tiles of a zoom that the tileset should have: as `limits`, without the tolerance.
    TileRange expected(int z) const;
};

/// How tiles of a tileset are encoded (mapcache.xml `<format>`).
struct Format {
    enum class Type { png, png8, jpeg, mixed, raw };

    std::string name{};
    Type type = Type::png;
    std::string extension{};
    std::string media_type{};
    int quality = 95;  ///< of JPEG
    Photometric photometric = Photometric::ycbcr;
};

/// How new tiles of the format are encoded; nothing for RAW whose extension is that of no image.
std::optional<Encoding> encoding_of(const Format& format);

/// A tileset (mapcache.xml `<tileset>`): what clients ask for by name.
struct Tileset {
    using Dimensions = std::vector<std::pair<std::string, std::string>>;

    std::string name{};
    std::string title{};
    std::string abstract{};
    std::optional<Box> bounds{};       ///< in degrees, where it says so itself
    const CacheSpec* cache = nullptr;  ///< of the configuration
    std::optional<Format> format{};
    std::vector<GridLink> grids{};  ///< at least one
    std::vector<std::unique_ptr<const Dimension>> dimensions{};
    std::chrono::seconds expires{300};    ///< how long clients may keep a tile
    std::chrono::seconds auto_expire{0};  ///< how long a store keeps a tile; 0: for ever
    bool is_read_only = false;

    /// The link to the grid of that name or, with an empty name, the first; null when there is
    /// none.
    const GridLink* find_grid(std::string_view grid) const;

    /// The slice in that grid. Dimensions that are not named have their default. Throws
    /// `invalid_argument` for an unknown dimension and for a value that the dimension does not
    /// have, listing what there is.
    TilesetSlice slice(const GridLink& link, const Dimensions& dimensions = {}) const;
};

/// What a `mapcache.xml` says that concerns tiles that are stored. Owns its grids, caches and
/// tilesets. Immutable; safe for concurrent use.
class MapcacheConfig {
public:
    /// Read and check the file. An Error names the file, the line and the element. Relative paths
    /// are those of the working folder, as in MapCache.
    static std::unique_ptr<const MapcacheConfig> load(const std::filesystem::path& path);

    const std::vector<std::unique_ptr<const CacheSpec>>& caches() const { return caches_; }
    const std::vector<std::unique_ptr<const Tileset>>& tilesets() const { return tilesets_; }

    /// MapCache's own and those of the file.
    const std::vector<std::unique_ptr<const Grid>>& grids() const { return grids_; }

    /// The tileset, or null when there is none of that name.
    const Tileset* find_tileset(std::string_view name) const;

    /// What the file has and nothing here uses, each once: `<source> 'osm' of type 'wms' (line 12):
    /// tiles are not rendered`.
    const std::vector<std::string>& unused() const { return unused_; }

    /// The locker that the file asks for, as MapCache would use it.
    std::unique_ptr<Locker> make_locker() const;

private:
    MapcacheConfig() = default;

    std::vector<std::unique_ptr<const Grid>> grids_;
    std::vector<std::unique_ptr<const CacheSpec>> caches_;
    std::vector<std::unique_ptr<const Tileset>> tilesets_;
    std::vector<std::string> unused_;
    FileLockerOptions locker_;
};

}  // namespace offgrid::config
