#include "serve/gpkg_layers.h"

#include "formats/base/error.h"
#include "formats/gpkg/gpkg_reader.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {
namespace {

/// One table, opened for one caller at a time.
OpenReader open_table(const std::filesystem::path& path, const std::string& table,
                      const Grid& grid) {
    std::shared_ptr<gpkg::GpkgPool> pool = gpkg::make_gpkg_pool(1);
    auto tiles = std::make_unique<gpkg::GpkgReader>(path, table, grid, *pool);
    return {.owner = std::move(pool), .tiles = std::move(tiles)};
}

}  // namespace

std::vector<Layer> open_gpkg_layers(const FoundStore& store,
                                    const std::shared_ptr<ReaderPool>& readers, const Log& log) {
    const auto& path = store.path;
    const auto name = path.stem().string();
    const auto tables = gpkg::tile_tables_of(path);
    std::vector<Layer> layers;
    std::optional<Error> failure;
    for (const auto& table : tables) {
        try {
            const auto& grid = gpkg::grid_of(path, table);
            Layer layer{
                .id = tables.size() == 1 ? name : fmt::format("{}:{}", name, table),
                .origin = path.string(),
                .vector_layers = {},
                .format = {},
                .tiles = std::make_shared<const PooledReader>(
                    reader_key(fmt::format("{}#{}", path.string(), table), store.identity),
                    [path, table, &grid] { return open_table(path, table, grid); }, readers)};
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
