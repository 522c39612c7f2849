#include "formats/package/manifest_grid.h"

#include "formats/base/error.h"
#include "formats/tile/tile_matrix_set_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace offgrid {

GridRef grid_from_value(const nlohmann::ordered_json& value) {
    const auto bad = [](const std::string& what) {
        return Error{Errc::corrupt, "bad manifest: " + what};
    };
    if (value.is_string()) {
        const auto& name = value.get_ref<const std::string&>();
        if (const auto* const built_in = Grid::find(name)) {
            return built_in;
        }
        throw bad(fmt::format("grid '{}' is not known here", name));
    }
    Grid::Definition definition;
    try {
        definition = tile_matrix_set_from_value(value);
    } catch (const Error& error) {
        rethrow_with(error, "bad manifest: 'grid'");
    }
    if (definition.name.empty() || Grid::find(definition.name) != nullptr) {
        throw bad(
            fmt::format("a grid that is not built in cannot have the name '{}'", definition.name));
    }
    return GridRef{Grid{std::move(definition)}};
}

nlohmann::ordered_json grid_to_value(const Grid& grid) {
    const auto* const built_in = Grid::find(grid.name());
    if (built_in == nullptr) {
        return to_tile_matrix_set(grid);
    }
    if (!(*built_in == grid)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("grid '{}' is not the built-in one of that name", grid.name())};
    }
    return grid.name();
}

}  // namespace offgrid
