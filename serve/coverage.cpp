#include "serve/coverage.h"

#include "formats/base/error.h"
#include "serve/layer_description.h"
#include "serve/package_files.h"
#include "serve/tile_boxes.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace offgrid {
namespace {

/// Rectangles of one zoom that are kept before they are merged: about 40 MB.
constexpr std::size_t max_ranges = 1'000'000;

/// A package of so few files is opened to see more than the names of its files tell.
constexpr std::size_t max_opened_files = 32;

LayerCoverage to_coverage(const Grid& grid, const std::vector<TileRange>& ranges) {
    LayerCoverage coverage{.zoom = ranges.front().z, .is_complete = true};
    for (const auto& range : ranges) {
        coverage.boxes.push_back(grid.box_of(range));
    }
    return coverage;
}

/// What the names of the deepest files tell; nothing where they tell nothing: of a single file.
std::optional<LayerCoverage> named_coverage(const Manifest& manifest,
                                            const CoverageLimits& limits) {
    const auto& grid = *manifest.grid;
    TileBoxes boxes{0};
    visit_placed_files(manifest, [&](const PlacedFile& placed) {
        if (placed.tiles == grid.whole(placed.tiles.z)) {
            return true;
        }
        if (placed.tiles.z > boxes.zoom()) {
            boxes = TileBoxes{placed.tiles.z};
        }
        if (placed.tiles.z == boxes.zoom()) {
            boxes.add(placed.tiles);
        }
        return true;
    });
    while (boxes.merge().size() > limits.max_boxes) {
        if (boxes.zoom() == 0) {
            return std::nullopt;
        }
        boxes = coarser(grid, boxes.merge());
    }
    const auto& ranges = boxes.merge();
    return ranges.empty() ? std::nullopt : std::optional{to_coverage(grid, ranges)};
}

/// The tiles of a zoom; nothing where there are too many, or time is up.
std::optional<TileBoxes> listed(const TileReader& tiles, int z, const CoverageLimits& limits) {
    constexpr std::uint64_t tiles_a_look = 256;
    TileBoxes boxes{z};
    std::uint64_t count = 0;
    const auto is_enough = [&] {
        return boxes.size() > max_ranges || (limits.is_stopped && limits.is_stopped()) ||
               std::chrono::steady_clock::now() >= limits.deadline;
    };
    if (is_enough()) {
        return std::nullopt;
    }
    try {
        tiles.list(tiles.info().grid->whole(z), [&](const TileKey& key, std::uint64_t bytes) {
            if (bytes > 0) {
                boxes.add(key);
            }
            if (++count % tiles_a_look == 0 && is_enough()) {
                throw Error{Errc::interrupted, "enough"};
            }
        });
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            return std::nullopt;
        }
        throw;
    }
    return boxes;
}

}  // namespace

LayerCoverage bounds_of(const Layer& layer) {
    return {.zoom = describe(layer).min_zoom, .boxes = {bounds_in_grid(layer)}};
}

LayerCoverage coverage_of(const Layer& layer, const CoverageLimits& limits) {
    auto coverage = bounds_of(layer);
    int first = coverage.zoom;
    if (layer.package) {
        if (auto named = named_coverage(*layer.package, limits)) {
            coverage = *std::move(named);
            first = coverage.zoom + 1;
        }
    }
    const bool is_listed = layer.tiles->can_scan() &&
                           (!layer.package || layer.package->files.size() <= max_opened_files);
    const int deepest = describe(layer).max_zoom;
    for (int z = first; is_listed && z <= deepest; ++z) {
        auto boxes = listed(*layer.tiles, z, limits);
        if (!boxes || boxes->merge().size() > limits.max_boxes) {
            break;
        }
        if (!boxes->merge().empty()) {
            coverage = to_coverage(*layer.info().grid, boxes->merge());
        }
    }
    return coverage;
}

std::string to_json(const LayerCoverage& coverage, const Layer& layer, bool is_pending) {
    using Json = nlohmann::ordered_json;
    auto boxes = Json::array();
    for (const auto& box : coverage.boxes) {
        boxes.push_back({box.min_x, box.min_y, box.max_x, box.max_y});
    }
    Json json{{"srs", layer.info().grid->srs()},
              {"zoom", coverage.zoom},
              {"boxes", std::move(boxes)},
              {"complete", coverage.is_complete}};
    if (is_pending) {
        json["pending"] = true;
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace offgrid
