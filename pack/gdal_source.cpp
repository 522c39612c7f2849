#include "pack/gdal_source.h"

#include "formats/base/error.h"
#include "formats/config/gpkg_location.h"
#include "pack/gdal_inspect.h"
#include "pack/gdal_online.h"
#include "pack/source_words.h"
#include "pack/store_levels.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace offgrid::gdal {
namespace {

/// Files of a store that are open at a time: a z-top package of the world has 65 536.
constexpr std::size_t max_open_files = 128;

/// Blocks in memory, of all sources and for all threads: the tiles around a dozen blocks.
constexpr std::size_t cache_bytes = std::size_t{96} << 20;

/// How long a server may take for one tile.
constexpr std::chrono::milliseconds tile_timeout{60'000};

/// What is nearly fine enough is.
constexpr double hair = 1e-3;

[[noreturn]] void refuse_unknown_depth(const std::string& name) {
    throw Error{Errc::invalid_argument,
                fmt::format("{}: a server may have any number of zooms: say with --zoom which are "
                            "wanted",
                            name)};
}

/// The edge of a pixel, in the units of the store's grid.
double pixel_of(const StoreLevels& store, const StoreLevel& level) {
    const auto& grid = store.grid();
    return grid.resolution(level.range.z) * grid.tile_size() / level.tile_pixels;
}

/// The tiles of a level, placed where the grid has them.
BlockRaster raster_of(const StoreLevels& store, const StoreLevel& level) {
    const auto& grid = store.grid();
    const auto box = grid.box_of(level.range);
    const double step = pixel_of(store, level);
    BlockRaster raster{
        .blocks = std::make_shared<const StoreBlocks>(store.reader(), level, store.requests()),
        .geotransform = {box.min_x, step, 0, box.max_y, 0, -step}};
    if (raster.crs.SetFromUserInput(grid.srs().c_str()) != OGRERR_NONE) {
        throw Error{Errc::unsupported, fmt::format("GDAL does not know the CRS '{}'", grid.srs())};
    }
    raster.crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    for (const auto meaning : {GCI_RedBand, GCI_GreenBand, GCI_BlueBand, GCI_AlphaBand}) {
        raster.bands.push_back({.meaning = meaning});
    }
    return raster;
}

bool has_one_type(GDALDataset& dataset) {
    const auto type = dataset.GetRasterBand(1)->GetRasterDataType();
    for (auto* const band : dataset.GetBands()) {
        if (band->GetRasterDataType() != type) {
            return false;
        }
    }
    return true;
}

/// The smallest overview that is as fine as `factor` pixels of the source in one; nothing: none is.
std::optional<int> overview_for(GDALDataset& dataset, double factor) {
    auto& band = *dataset.GetRasterBand(1);
    std::optional<int> found;
    int width = dataset.GetRasterXSize();
    for (int i = 0; i < band.GetOverviewCount(); ++i) {
        auto* const overview = band.GetOverview(i);
        if (overview != nullptr && overview->GetXSize() < width &&
            static_cast<double>(dataset.GetRasterXSize()) / overview->GetXSize() <=
                factor * (1 + hair)) {
            found = i;
            width = overview->GetXSize();
        }
    }
    return found;
}

/// A table of a GeoPackage as GDAL names it; anything else stays as it is.
std::string name_for_gdal(const std::string& name) {
    const auto location = config::parse_gpkg_location(name);
    return location && !location->table.empty()
               ? fmt::format("GPKG:{}:{}", location->file.string(), location->table)
               : name;
}

}  // namespace

Dataset open_again(const SourceInfo& info) {
    return info.blocks ? info.blocks->open() : open(info.name);
}

Sources::Sources(const OnlineOptions& options, const std::atomic<bool>& is_stopped)
    : is_stopped_{is_stopped},
      locations_{max_open_files,
                 [this](const std::string& message) {
                     const std::lock_guard lock{mutex_};
                     warnings_.push_back(message);
                 }},
      requests_{options, is_stopped},
      cache_{cache_bytes} {
    set_http_options(options.retries);
}

OpenSource Sources::open(const std::string& name, const SourceNeed& need) {
    if (!names_store(name)) {
        return open_raster(name, need);
    }
    try {
        auto source = open_store(name, need);
        const std::lock_guard lock{mutex_};
        source.notes.insert(source.notes.end(), warnings_.begin(), warnings_.end());
        warnings_.clear();
        return source;
    } catch (const Error& error) {
        if (error.code() != Errc::unsupported) {
            throw;
        }
        try {
            const auto known = name_for_gdal(name);
            auto source = open_raster(known, need);  // GDAL may know more of such a file
            source.name = known;
            return source;
        } catch (const Error&) {
            throw error;
        }
    }
}

OpenSource Sources::open_store(const std::string& name, const SourceNeed& need) {
    const auto location =
        locations_.find(name, {.timeout = tile_timeout, .is_stopped = &is_stopped_});
    StoreLevels store{location, requests_, is_stopped_};
    if (!store.knows_its_depth() && !need.resolution) {
        refuse_unknown_depth(name);
    }
    const auto deepest = store.deepest();
    auto level = deepest;
    if (need.resolution) {
        const auto dataset =
            open_blocks(std::make_shared<const BlockRaster>(raster_of(store, deepest)), cache_);
        const auto info = inspect(name, *dataset, need.grid);
        level = store.find(pixel_of(store, deepest) * *need.resolution / info.resolution, deepest,
                           need.around);
    }
    auto source = opened(raster_of(store, level));
    source.format = store.format();
    if (store.knows_its_depth() && level.range.z < deepest.range.z) {
        source.notes.push_back(fmt::format("{}: its tiles of zoom {} are taken, of {}", name,
                                           level.range.z, deepest.range.z));
    }
    return source;
}

OpenSource Sources::open_raster(const std::string& name, const SourceNeed& need) {
    OpenSource source;
    source.dataset = names_service(name) ? open_service(name, {}) : gdal::open(name);
    if (source.dataset->GetRasterCount() > 0 && is_online(*source.dataset) &&
        has_one_type(*source.dataset)) {
        return open_online(name, std::move(source.dataset), need);
    }
    return source;
}

OpenSource Sources::open_online(const std::string& name, Dataset dataset, const SourceNeed& need) {
    if (!need.resolution) {
        refuse_unknown_depth(name);
    }
    const auto info = inspect(name, *dataset, need.grid);
    const auto overview = overview_for(*dataset, *need.resolution / info.resolution);
    if (overview) {
        dataset = open_service(name, overview);
    }
    auto& described_by = *dataset;
    auto raster = described(described_by, nullptr);
    raster.blocks =
        std::make_shared<const OnlineBlocks>(name, overview, std::move(dataset), requests_);
    return opened(std::move(raster));
}

OpenSource Sources::opened(BlockRaster raster) {
    auto blocks =
        std::make_shared<const BlockSource>(shared_from_this(), std::move(raster), cache_);
    auto dataset = blocks->open();
    return {.dataset = std::move(dataset), .blocks = std::move(blocks)};
}

}  // namespace offgrid::gdal
