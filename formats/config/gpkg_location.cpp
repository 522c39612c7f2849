#include "formats/config/gpkg_location.h"

#include "formats/base/error.h"
#include "formats/gpkg/gpkg_reader.h"
#include "formats/gpkg/gpkg_writer.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace offgrid::config {
namespace {

namespace fs = std::filesystem;

/// The tiles of a GeoPackage that is there.
std::unique_ptr<gpkg::GpkgReader> open_gpkg(SharedStores& stores, const GpkgLocation& wanted,
                                            const std::optional<GridRef>& grid) {
    const auto& file = wanted.file;
    const auto& table = wanted.table;
    try {
        return std::make_unique<gpkg::GpkgReader>(
            file, table, grid ? **grid : gpkg::grid_of(file, table), *stores.geopackages);
    } catch (const Error& error) {
        if (grid && error.code() == Errc::unsupported) {
            throw Error{Errc::not_found, error.what()};  // in that grid there is nothing
        }
        throw;
    }
}

}  // namespace

std::optional<GpkgLocation> parse_gpkg_location(const std::string& text) {
    const auto hash = text.rfind(".gpkg#");
    if (hash != std::string::npos) {
        return GpkgLocation{text.substr(0, hash + 5), text.substr(hash + 6)};
    }
    return text.ends_with(".gpkg") ? std::optional{GpkgLocation{text}} : std::nullopt;
}

StoreLocation find_gpkg(SharedStores& stores, const std::string& text, const GpkgLocation& wanted,
                        const std::optional<GridRef>& grid) {
    StoreLocation location{.text = text, .type = "gpkg", .is_built_once = true};
    const bool is_there = fs::exists(wanted.file);
    if (is_there) {
        location.info = open_gpkg(stores, wanted, grid)->info();
        location.info.grid = grid.value_or(location.info.grid);
    } else {
        location.info.grid = grid.value_or(&Grid::google_maps_compatible());
        location.info.max_zoom = location.info.grid->levels() - 1;
    }
    const auto used = location.info.grid;
    location.open_reader = [&stores, used, wanted] {
        if (!fs::exists(wanted.file)) {
            throw Error{Errc::not_found, fmt::format("{}: no such file", wanted.file.string())};
        }
        return std::make_unique<gpkg::GpkgReader>(wanted.file, wanted.table, *used,
                                                  *stores.geopackages);
    };
    if (is_there) {
        location.why_read_only = "it is there already, and a GeoPackage is built once";
        return location;
    }
    location.open_writer = [used, wanted](const StoreInfo& like) {
        auto written = like;
        written.grid = used;
        return std::make_unique<gpkg::GpkgWriter>(wanted.file, std::move(written), wanted.table);
    };
    return location;
}

}  // namespace offgrid::config
