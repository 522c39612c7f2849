#include "pack/commands/transfer_plan.h"

#include "formats/base/error.h"
#include "formats/tile/lonlat.h"
#include "formats/tile/tile_format.h"
#include "pack/commands/transfer_identity.h"
#include "pack/transfer/journal.h"
#include "pack/transfer/same_tiles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>
#include <tuple>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Threads where most of the time is spent waiting for a network.
constexpr int network_threads = 8;

/// Find the store in the grid of that name or, where it has none of that name, in its own: grids
/// may cut the same tiles under different names.
config::StoreLocation find_in_grid(const std::string& text, const std::string& grid,
                                   config::StoreLocations& locations,
                                   const std::optional<GridRef>& known_grid = {}) {
    try {
        return locations.find(text, {.grid = grid, .known_grid = known_grid});
    } catch (const Error& error) {
        if (error.code() != Errc::not_found && error.code() != Errc::invalid_argument) {
            throw;
        }
    }
    return locations.find(text);
}

struct Stores {
    config::StoreLocation source{};
    config::StoreLocation destination{};
};

/// Find both; --grid and --dim are for each that has such a one.
Stores find_stores(const TransferCommand& command, config::StoreLocations& locations) {
    const auto& [grid, dimensions] = std::tie(command.selection.grid, command.selection.dimensions);
    Stores stores{.source = find_in_grid(command.source, grid, locations)};
    require_there(stores.source);
    const auto& source_grid = stores.source.info.grid->name();
    stores.destination = find_in_grid(command.destination, grid.empty() ? source_grid : grid,
                                      locations, stores.source.info.grid);
    const auto& destination_grid = stores.destination.info.grid->name();
    if (!grid.empty() && source_grid != grid && destination_grid != grid) {
        locations.find(command.source, {.grid = grid});  // says which there are
        throw Error{Errc::not_found, fmt::format("neither SRC nor DST has a grid '{}'", grid)};
    }
    std::set<std::string> used;
    for (auto* const store : {&stores.source, &stores.destination}) {
        config::LocationOptions options{.grid = store->info.grid->name(),
                                        .known_grid = store->info.grid};
        for (const auto& [name, value] : dimensions) {
            if (std::ranges::find(store->dimensions, name) != store->dimensions.end()) {
                options.dimensions.emplace_back(name, value);
                used.insert(name);
            }
        }
        if (!options.dimensions.empty()) {
            *store = locations.find(store->text, options);
        }
    }
    for (const auto& [name, value] : dimensions) {
        if (!used.contains(name)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("--dim {}: neither SRC nor DST is a tileset with it; SRC has: "
                                    "{}; DST has: {}",
                                    name, fmt::join(stores.source.dimensions, ", "),
                                    fmt::join(stores.destination.dimensions, ", "))};
        }
    }
    return stores;
}

std::vector<std::string> mbtiles_files(const config::StoreLocation& location) {
    if (location.type != "mbtiles") {
        return {};
    }
    const auto reader = location.open_reader();
    return reader->files() == nullptr ? std::vector<std::string>{} : reader->files()->list();
}

/// Whether both are one store under two names: a path and a link to it, a tileset and the file that
/// its cache is.
bool are_one(const config::StoreLocation& source, const config::StoreLocation& destination) {
    const auto one = absolute_location(source.text);
    const auto other = absolute_location(destination.text);
    const auto is_only_tileset = [](const std::string& text, const std::string& of) {
        return text.ends_with(".xml") && of.starts_with(text + '#');
    };
    if (one == other || is_only_tileset(one, other) || is_only_tileset(other, one)) {
        return true;
    }
    const auto files = mbtiles_files(source);
    const auto others = mbtiles_files(destination);
    std::error_code failure;
    return files.size() == 1 && others.size() == 1 &&
           fs::equivalent(files.front(), others.front(), failure);
}

/// The format that tiles of the store have by its own account, or the name of its files.
std::optional<TileFormat> declared_format(const config::StoreLocation& location) {
    const auto dot = location.text.rfind('.');
    return location.info.format || location.text.find('{') == std::string::npos ||
                   dot == std::string::npos
               ? location.info.format
               : format_named(std::string_view{location.text}.substr(dot + 1));
}

/// Tiles that are encoded anew must be what the destination declares; tiles that are only copied
/// are copied, as MapCache does, and it is said.
void check_formats(const TransferCommand& command, TransferPlan& plan) {
    const auto declared = declared_format(plan.destination);
    if (!declared) {
        return;
    }
    const auto word = [](std::optional<TileFormat> format) {
        return format ? extension_of(*format) : std::string_view{"mixed"};
    };
    if (command.reencode) {
        if (plan.like.format != declared) {
            throw Error{Errc::invalid_argument,
                        fmt::format("--reencode {}: the tiles of {} are declared as {}",
                                    word(plan.like.format), plan.destination.text, word(declared))};
        }
        return;
    }
    if (const auto format = declared_format(plan.source); format && format != declared) {
        plan.notes.push_back(
            fmt::format("{} has {}, {} is declared as {}: tiles are copied as they "
                        "are; --reencode changes them",
                        plan.source.text, word(format), plan.destination.text, word(declared)));
    }
}

/// The tiles of a log that the destination takes.
std::vector<TileKey> read_retried(const TransferCommand& command, const Stores& stores,
                                  std::vector<std::string>& notes) {
    const auto& [source, destination] = std::tie(stores.source, stores.destination);
    auto keys = read_failed_log(command.retry_failed, *source.info.grid);
    const auto left_out = std::erase_if(keys, [&](const TileKey& key) {
        return key.z >= destination.info.grid->levels() || !destination.limits(key.z).contains(key);
    });
    if (left_out > 0) {
        notes.push_back(fmt::format("{} does not take {} tiles of {}", destination.text, left_out,
                                    command.retry_failed.string()));
    }
    if (keys.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{} names no tile that {} takes", command.retry_failed.string(),
                                destination.text)};
    }
    return keys;
}

void check_stores(const TransferPlan& plan) {
    const auto& [source, destination] = std::tie(plan.source, plan.destination);
    if (!destination.open_writer) {
        throw Error{Errc::unsupported, fmt::format("{} cannot be written: {}", destination.text,
                                                   destination.why_read_only)};
    }
    std::vector<int> zooms;
    for (const auto& range : plan.selection.ranges()) {
        zooms.push_back(range.z);
    }
    if (const auto difference =
            difference_of_tiles(*source.info.grid, *destination.info.grid, zooms)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("the tiles of {} are not those of {}: {}", source.text,
                                destination.text, *difference)};
    }
}

StoreInfo describe(const TransferCommand& command, const TransferPlan& plan) {
    auto info = plan.source.info;
    info.grid = plan.destination.info.grid;
    info.min_zoom = plan.selection.ranges().front().z;
    info.max_zoom = plan.selection.ranges().back().z;
    if (command.selection.bbox) {
        info.bounds = info.bounds ? intersection(*info.bounds, *command.selection.bbox)
                                  : *command.selection.bbox;
    } else if (plan.selection.has_region()) {
        info.bounds =
            to_lonlat(info.grid->srs(), info.grid->box_of(plan.selection.ranges().back()));
    }
    if (command.reencode) {
        info.format = tile_format_of(*command.reencode);
    }
    return info;
}

/// The zooms of the keys in a log, each whole.
Selection selection_of(const std::vector<TileKey>& keys, const Grid& grid) {
    std::vector<TileRange> ranges;
    for (const auto& key : keys) {
        if (ranges.empty() || ranges.back().z != key.z) {
            ranges.push_back(grid.whole(key.z));
        }
    }
    return {grid, std::move(ranges)};
}

}  // namespace

TransferPlan plan_transfer(const TransferCommand& command, config::StoreLocations& locations) {
    auto stores = find_stores(command, locations);
    if (are_one(stores.source, stores.destination)) {
        throw Error{Errc::invalid_argument, fmt::format("SRC and DST are both {}", command.source)};
    }
    const auto& grid = *stores.source.info.grid;
    std::vector<std::string> notes;
    std::optional<std::vector<TileKey>> only;
    if (!command.retry_failed.empty()) {
        only = read_retried(command, stores, notes);
    }
    auto selection = only ? selection_of(*only, grid)
                          : select(command.selection, stores.source, &stores.destination, notes);
    TransferPlan plan{.source = std::move(stores.source),
                      .destination = std::move(stores.destination),
                      .selection = std::move(selection),
                      .only = std::move(only),
                      .notes = std::move(notes)};
    check_stores(plan);
    plan.like = describe(command, plan);
    check_formats(command, plan);
    plan.threads = command.threads;
    if (plan.threads == 0) {
        plan.threads = plan.destination.gains_by_parallel_writers
                           ? network_threads
                           : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    plan.writers = plan.destination.gains_by_parallel_writers ? plan.threads : 1;
    return plan;
}

}  // namespace offgrid
