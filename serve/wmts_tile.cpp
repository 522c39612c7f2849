#include "serve/wmts_tile.h"

#include "formats/base/parse_number.h"
#include "serve/ows_exception.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace offgrid {
namespace {

Response invalid(const WmtsAnswering& how, std::string_view locator, std::string_view text) {
    return ows_exception(how.status_of_absent, "InvalidParameterValue", locator, text);
}

Response out_of_range(const WmtsAnswering& how, const OutOfCoverage& outside, const TileKey& key) {
    using Part = OutOfCoverage::Part;
    const auto report = [&](std::string_view locator, std::string_view text) {
        return ows_exception(how.status_of_absent, "TileOutOfRange", locator, text);
    };
    const auto& coverage = outside.coverage;
    if (outside.part == Part::zoom) {
        return report("TILEMATRIX", "the layer has no tiles in this matrix");
    }
    const bool is_column = outside.part == Part::column;
    return report(
        is_column ? "TILECOL" : "TILEROW",
        is_column
            ? fmt::format("{} is not within {} and {}", key.x, coverage.min_x, coverage.max_x - 1)
            : fmt::format("{} is not within {} and {}", key.y, coverage.min_y, coverage.max_y - 1));
}

std::optional<int> zoom_of(const GetTile& asked, const Layer& layer) {
    const auto colon = asked.matrix.rfind(':');
    const auto set = asked.matrix.substr(0, colon);
    if (colon != std::string_view::npos && set != asked.matrix_set &&
        !is_in_matrix_set(layer, set)) {
        return std::nullopt;
    }
    const auto z = parse_number<int>(asked.matrix.substr(colon + 1));
    return z && *z >= 0 && *z < layer.info().grid->levels() ? z : std::nullopt;
}

std::shared_ptr<const Layer> find(const LayerSet& layers, const GetTile& asked) {
    if (!asked.extension.empty()) {
        if (auto layer = find_tileset(
                layers, asked.layer, asked.matrix_set,
                [&](const Layer& some) { return is_in_extension(some, asked.extension); })) {
            return layer;
        }
    }
    if (asked.format.empty()) {
        return find_tileset(layers, asked.layer, asked.matrix_set);
    }
    return find_tileset(layers, asked.layer, asked.matrix_set,
                        [&](const Layer& some) { return is_in_format(some, asked.format); });
}

/// Why there is no tileset for what is asked.
Response no_tileset(const LayerSet& layers, const GetTile& asked, const WmtsAnswering& how) {
    if (find_tileset(layers, asked.layer, {}) == nullptr) {
        return invalid(how, "LAYER", "no such layer");
    }
    return find_tileset(layers, asked.layer, asked.matrix_set) == nullptr
               ? invalid(how, "TILEMATRIXSET", "the layer is not in this matrix set")
               : invalid(how, "FORMAT", "the layer is not in this format");
}

}  // namespace

Response answer_get_tile(const LayerSet& layers, const GetTile& asked, const Request& request,
                         const WmtsAnswering& how) {
    auto layer = find(layers, asked);
    if (layer == nullptr) {
        return no_tileset(layers, asked, how);
    }
    if (!asked.dimensions.empty() && !layer->dimensions.empty()) {
        layer = find_at_values(layers, *layer, asked.dimensions);
        if (layer == nullptr) {
            return ows_exception(400, "InvalidParameterValue", asked.dimensions.front().first,
                                 "no such value of a dimension");
        }
    }
    const auto z = zoom_of(asked, *layer);
    if (!z) {
        return invalid(how, "TILEMATRIX", "no such matrix in the matrix set");
    }
    const auto row = parse_number<std::int64_t>(asked.row);
    const auto column = parse_number<std::int64_t>(asked.column);
    if (!row || !column) {
        return invalid(how, row ? "TILECOL" : "TILEROW", "not a number");
    }
    const TileKey key{*z, *column, *row};
    if (const auto outside = out_of_coverage(*layer, key)) {
        return out_of_range(how, *outside, key);
    }
    return answer_tile_of(how.place, *layer, key, request);
}

}  // namespace offgrid
