#include "serve/gpkg_layers.h"

#include "formats/base/error.h"
#include "formats/gpkg/gpkg_reader.h"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// Handles of one GeoPackage, which as many requests at a time can read.
constexpr std::size_t max_handles = 16;

}  // namespace

std::vector<Layer> open_gpkg_layers(const std::filesystem::path& path, const Log& log) {
    const std::shared_ptr<gpkg::GpkgPool> pool = gpkg::make_gpkg_pool(max_handles);
    const auto name = path.stem().string();
    const auto tables = gpkg::tile_tables_of(path);
    std::vector<Layer> layers;
    std::optional<Error> failure;
    for (const auto& table : tables) {
        try {
            Layer layer{.id = tables.size() == 1 ? name : fmt::format("{}:{}", name, table),
                        .origin = path.string(),
                        .vector_layers = {},
                        .format = {},
                        .owner = pool,
                        .tiles = std::make_shared<gpkg::GpkgReader>(
                            path, table, gpkg::grid_of(path, table), *pool)};
            if (!is_layer_name(layer.id)) {
                throw Error{Errc::invalid_argument, fmt::format("{}: no layer can be called '{}'",
                                                                path.string(), layer.id)};
            }
            layers.push_back(std::move(layer));
        } catch (const Error& error) {
            failure = error;
            if (tables.size() > 1) {
                log(fmt::format("table '{}' is left out: {}", table, error.what()));
            }
        }
    }
    if (layers.empty()) {
        throw failure
            ? *failure
            : Error{Errc::not_found, fmt::format("{} has no tables of tiles", path.string())};
    }
    return layers;
}

}  // namespace offgrid
