#include "formats/config/grid_location.h"

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/config/declarations.h"
#include "formats/config/mapcache_config.h"
#include "formats/tile/tile_matrix_set_json.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace offgrid::config {
namespace {

namespace fs = std::filesystem;

/// Throws `invalid_argument` unless a package can say that it is in the grid.
void check_can_be_kept(const Grid& grid, const std::string& text) {
    try {
        if (Grid{tile_matrix_set_from_value(to_tile_matrix_set(grid))} == grid) {
            return;
        }
    } catch (const Error& error) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: grid '{}': {}", text, grid.name(), error.what())};
    }
    throw Error{Errc::invalid_argument,
                fmt::format("{}: grid '{}' is no tile matrix set of OGC's", text, grid.name())};
}

/// The grid itself, or the built-in one that it stands for.
GridRef settled(Grid grid, const std::string& text) {
    const auto* const built_in = Grid::find(grid.name());
    if (built_in == nullptr) {
        check_can_be_kept(grid, text);
        return GridRef{std::move(grid)};
    }
    if (have_the_same_tiles(grid, *built_in) && grid.origin() == built_in->origin() &&
        grid.levels() <= built_in->levels()) {
        return built_in;
    }
    throw Error{Errc::invalid_argument,
                fmt::format("{}: grid '{}' is not the built-in one of that name: give it another",
                            text, grid.name())};
}

GridRef read_tile_matrix_set(const fs::path& file) {
    const auto content = read_file(file, max_tile_matrix_set_bytes);
    Grid::Definition definition;
    try {
        definition = parse_tile_matrix_set(as_text(content));
    } catch (const Error& error) {
        rethrow_with(error, "{}", file.string());
    }
    if (definition.name.empty()) {
        definition.name = file.stem().string();
    }
    return settled(Grid{std::move(definition)}, file.string());
}

GridRef read_from_config(const fs::path& file, const std::string& name) {
    const auto config = MapcacheConfig::load(file);
    const auto& grids = config->grids();
    const auto found =
        std::ranges::find_if(grids, [&](const auto& grid) { return grid->name() == name; });
    if (found == grids.end()) {
        throw Error{Errc::not_found, fmt::format("{}: no grid '{}'; there are: {}", file.string(),
                                                 name, names_of(grids))};
    }
    return settled(**found, file.string());
}

}  // namespace

GridRef find_grid(const std::string& text) {
    if (const auto hash = text.rfind(".xml#"); hash != std::string::npos) {
        return read_from_config(text.substr(0, hash + 4), text.substr(hash + 5));
    }
    return text.ends_with(".json") ? read_tile_matrix_set(text) : require_built_in_grid(text);
}

const Grid* require_built_in_grid(const std::string& name) {
    const auto* const grid = Grid::find(name);
    if (grid == nullptr) {
        std::vector<std::string> names;
        for (const auto* const known : Grid::built_in()) {
            names.push_back(known->name());
        }
        throw Error{Errc::not_found,
                    fmt::format("no grid '{}'; there are: {}", name, fmt::join(names, ", "))};
    }
    return grid;
}

}  // namespace offgrid::config
