#pragma once

#include "formats/image/encode.h"
#include "formats/image/resampling.h"
#include "formats/tile/box.h"
#include "pack/band_options.h"
#include "pack/source_order.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

/// Of any pack.
inline constexpr int deepest_zoom = 30;

enum class Overwrite { no, yes };

/// What a pack leaves its tiles as.
enum class OutputKind {
    ztop,     ///< a package: a folder of MBTiles files, one for each tile of the top zoom
    mbtiles,  ///< one MBTiles file
    pmtiles,  ///< one PMTiles file
    gpkg,     ///< one GeoPackage
    cog,      ///< one Cloud Optimized GeoTIFF whose blocks are the tiles
    geotiff,  ///< a folder of tiled GeoTIFFs, as MapCache's tiff cache has them
    disk,     ///< a folder of tiles, one file each
    store,    ///< a tileset of a configuration, which the output names
};

/// Whether to go on where a former run of the same pack ended.
enum class Resume { no, yes };

/// What becomes of a pack when a part of a source cannot be read.
enum class OnDamage {
    fail,    ///< it ends there
    report,  ///< the part is left out, and told of
    skip,    ///< the part is left out, and counted
};

/// A part of a pack that is made on its own: of the pyramids, counted in their order, every
/// `count`-th from `index` on. A value.
struct Shard {
    int index = 0;
    int count = 1;  ///< 1: the whole

    friend bool operator==(const Shard&, const Shard&) = default;
};

/// Polygons that are packed down to a zoom. A value.
struct RegionOption {
    std::string file{};             ///< that OGR reads
    std::optional<int> max_zoom{};  ///< nothing: that of the layer

    friend bool operator==(const RegionOption&, const RegionOption&) = default;
};

/// How servers are asked, those of all online sources together. A value.
struct OnlineOptions {
    double rate_limit = 0;  ///< requests a second; 0: no limit
    int retries = 3;        ///< further attempts after one that may go well the next time
    int connections = 2;    ///< requests that are under way at a time

    friend bool operator==(const OnlineOptions&, const OnlineOptions&) = default;
};

/// What `offgrid pack` is asked to do. A value.
struct PackOptions {
    /// Zooms from the first to the second, both included.
    using Zooms = std::pair<int, int>;

    std::vector<std::string> sources{};  ///< as `find_sources` takes them
    SourceOrder order = SourceOrder::given;
    BandOptions bands{};
    OnlineOptions online{};
    std::filesystem::path output{};  ///< the folder or file to make, or a tileset of a store
    OutputKind as = OutputKind::ztop;
    std::string layer{};                 ///< empty: the name of the output folder
    std::string grid{};                  ///< as `config::find_grid` takes it; empty: Web Mercator
    std::optional<Zooms> zooms{};        ///< nothing: 0 to the zoom nearest the source's resolution
    std::optional<int> top{};            ///< nothing: 8, or two above the deepest zoom if less
    std::optional<Encoding> encoding{};  ///< nothing: JPEG where sources are opaque, else PNG; PNG
                                         ///< where the resampling that was chosen keeps values
    int quality = 75;                    ///< 1 to 100, for JPEG and WebP
    std::optional<Resampling> resampling{};  ///< nothing: bilinear, but nearest for a palette
    Light light = Light::encoded;            ///< of which overviews are means
    bool keeps_empty = false;                ///< transparent tiles are stored where a source lies
    std::optional<Box> bbox{};               ///< longitude and latitude degrees; nothing: all; west
                                             ///< is greater than east across the antimeridian
    std::vector<RegionOption> regions{};     ///< tiles that meet none are left out; empty: all
    double buffer_m = 0;                     ///< by which regions are grown, on the ground
    std::optional<int> overview{};           ///< zooms down to this one are packed everywhere
    bool is_clipped = false;                 ///< pixels outside the regions are transparent
    std::optional<int> threads{};            ///< that read and encode; nothing: one a processor
    std::string attribution{};
    Overwrite overwrite = Overwrite::no;
    Resume resume = Resume::no;
    OnDamage on_damage = OnDamage::fail;
    Shard shard{};

    /// All shards of a pack, to be joined; how they were packed is in them, so nothing above but
    /// the output is looked at.
    std::vector<std::filesystem::path> merged{};

    friend bool operator==(const PackOptions&, const PackOptions&) = default;
};

/// Throws `invalid_argument` naming the word whose value it cannot have, alone or beside others.
/// What depends on the sources or the grid is not looked at.
void check(const PackOptions& options);

/// The deepest zoom that a region or the overview asks for, where each says one.
std::optional<int> zoom_of_all_regions(const PackOptions& options);

}  // namespace offgrid
