#include "formats/config/geowebcache_location.h"
#include "pack/commands/command.h"
#include "pack/commands/selection_options.h"
#include "pack/gdal_region.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

struct TruncateCommand {
    std::string location;
    SelectionRequest selection;
    std::string new_name;
    bool removes_orphans = false;
};

/// What of a layer is meant.
struct Target {
    enum class Kind { layer, grid_set, tileset };

    Kind kind = Kind::tileset;
    std::vector<const config::GeowebcacheTileset*> tilesets{};

    const config::GeowebcacheLayer& layer() const { return *tilesets.front()->layer; }
    const std::string& grid_set() const { return tilesets.front()->link->grid->name(); }
};

/// `#LAYER` with `--grid GRIDSET` is `#LAYER@GRIDSET`.
Target::Kind kind_of(const std::string& name, const std::string& grid,
                     const config::GeowebcacheTileset& tileset) {
    const auto& layer = tileset.layer->name;
    if (name == layer) {
        return grid.empty() ? Target::Kind::layer : Target::Kind::grid_set;
    }
    return name == layer + '@' + tileset.link->grid->name() ? Target::Kind::grid_set
                                                            : Target::Kind::tileset;
}

Target find_target(const config::OpenGeowebcache& opened, const TruncateCommand& command) {
    const auto hash = command.location.rfind(".xml#");
    const auto name = hash == std::string::npos ? "" : command.location.substr(hash + 5);
    if (name.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{}: name a layer as geowebcache.xml#LAYER", command.location)};
    }
    const auto& grid = command.selection.grid;
    Target target{.tilesets = opened.config->find(name)};
    std::erase_if(target.tilesets, [&](const auto* tileset) {
        return !grid.empty() && tileset->link->grid->name() != grid;
    });
    if (target.tilesets.empty()) {
        throw Error{Errc::not_found, fmt::format("layer '{}' has no grid set '{}'", name, grid)};
    }
    target.kind = kind_of(name, grid, *target.tilesets.front());
    const bool is_about_a_layer = !command.new_name.empty() || command.removes_orphans;
    if (is_about_a_layer && target.kind != Target::Kind::layer) {
        throw Error{Errc::invalid_argument, "--rename and --orphans: of a layer as a whole"};
    }
    return target;
}

/// The tiles of one tileset that are asked for: at every zoom of its grid set, also at those that
/// the layer does not show any more.
std::vector<gwc::SouthRange> ranges_of(const Grid& grid, const SelectionRequest& request) {
    std::vector<gwc::SouthRange> ranges;
    for (int z = 0; z < grid.levels(); ++z) {
        const bool is_asked =
            request.zooms.empty() || std::ranges::find(request.zooms, z) != request.zooms.end();
        auto range = is_asked ? grid.whole(z) : TileRange{.z = z};
        if (request.bbox && is_asked) {
            range = grid.range_of(z, gdal::box_in_grid(*request.bbox, grid));
        }
        if (!range.is_empty()) {
            ranges.push_back(gwc::from_south(grid, range));
        }
    }
    return ranges;
}

bool selects_tiles(const SelectionRequest& request) {
    return !request.zooms.empty() || request.bbox || !request.dimensions.empty();
}

/// The parameters of the tiles that are asked for: without any, all that tiles were put with.
std::vector<gwc::Parameters> parameter_sets(gwc::BlobStore& store,
                                            const config::GeowebcacheLayer& layer,
                                            const SelectionRequest& request) {
    if (!request.dimensions.empty()) {
        return {layer.parameters(request.dimensions)};
    }
    std::vector<gwc::Parameters> sets{{}};
    for (auto& [id, parameters] : store.metadata().parameter_sets(layer.name)) {
        sets.push_back(std::move(parameters));
    }
    return sets;
}

gwc::Removed remove_tiles(gwc::BlobStore& store, const Target& target,
                          const SelectionRequest& request) {
    gwc::Removed all;
    const auto sets = parameter_sets(store, target.layer(), request);
    for (const auto* tileset : target.tilesets) {
        const auto ranges = ranges_of(*tileset->link->grid, request);
        for (const auto& parameters : sets) {
            const auto removed = store.remove_range(tileset->id(parameters), ranges);
            all.files += removed.files;
            all.tiles += removed.tiles;
        }
    }
    return all;
}

gwc::Removed truncate(gwc::BlobStore& store, const Target& target, const TruncateCommand& command) {
    const auto& layer = target.layer();
    if (command.removes_orphans) {
        return store.purge_orphans(layer.name, [&](const gwc::Parameters& parameters) {
            return layer.accepts(parameters);
        });
    }
    const bool takes_files = !selects_tiles(command.selection);
    if (takes_files && target.kind == Target::Kind::layer) {
        return store.remove_layer(layer.name);
    }
    if (takes_files && target.kind == Target::Kind::grid_set) {
        return store.remove_grid_set(layer.name, target.grid_set());
    }
    return remove_tiles(store, target, command.selection);
}

void check(const TruncateCommand& command) {
    const bool selects = selects_tiles(command.selection) || !command.selection.grid.empty();
    if (!command.selection.region.empty()) {
        throw Error{Errc::invalid_argument, "--region: tiles are removed by --bbox"};
    }
    if ((!command.new_name.empty() && (selects || command.removes_orphans)) ||
        (command.removes_orphans && selects)) {
        throw Error{Errc::invalid_argument,
                    "--rename and --orphans are about a layer: they take no other option"};
    }
}

}  // namespace

int run_truncate(Words words, const std::atomic<bool>& /*is_stopped*/) {
    CLI::App app{
        "Remove tiles from a SQLite store of GeoWebCache, or rename a layer in it.\n"
        "A layer or a grid set of it goes with its files; the tiles of a LAYER@GRIDSET@EXT, of\n"
        "some zooms or a box are removed from the files, whatever their parameters, or with\n"
        "--dim of these parameters alone.",
        "offgrid truncate"};
    TruncateCommand command;
    SelectionOptions selection_options;
    app.add_option("STORE", command.location,
                   "geowebcache.xml#LAYER, #LAYER@GRIDSET or "
                   "#LAYER@GRIDSET@EXT")
        ->required();
    selection_options.add_to(app);
    app.add_option("--rename", command.new_name, "Give the layer this name instead");
    app.add_flag("--orphans", command.removes_orphans,
                 "Remove the tiles of parameters that the layer does not accept any more");
    if (const auto answer = parse_words(app, words, [&] {
            command.selection = selection_options.read();
            check(command);
        })) {
        return print(*answer);
    }
    const auto opened = config::open_geowebcache(
        config_file_of(command.location).value_or(command.location),
        [](const std::string& message) { fmt::print(stderr, "note: {}\n", message); });
    const auto target = find_target(opened, command);
    auto& store = opened.store_of(target.layer());
    if (!command.new_name.empty()) {
        store.rename_layer(target.layer().name, command.new_name);
        fmt::print("renamed; the configuration still says '{}'\n", target.layer().name);
        return exit_ok;
    }
    const auto removed = truncate(store, target, command);
    fmt::print("removed: {} files, {} tiles in other files\n", removed.files, removed.tiles);
    return exit_ok;
}

}  // namespace offgrid
