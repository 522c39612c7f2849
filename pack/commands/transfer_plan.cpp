#include "pack/commands/transfer_plan.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/tile/lonlat.h"
#include "pack/transfer/journal.h"
#include "pack/transfer/same_tiles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <thread>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Threads where most of the time is spent waiting for a network.
constexpr int network_threads = 8;

/// A location that does not depend on the working folder, as far as it can be told.
std::string absolute(const std::string& location) {
    return location.find("://") != std::string::npos
               ? location
               : fs::weakly_canonical(fs::absolute(location)).string();
}

/// Find the destination in the grid of that name or, where it has none of that name, in its own:
/// grids may cut the same tiles under different names.
config::StoreLocation find_destination(const TransferCommand& command, const Grid& grid,
                                       config::StoreLocations& locations) {
    auto options = location_options(command.destination, command.selection);
    options.grid = options.grid.empty() ? grid.name() : options.grid;
    try {
        return locations.find(command.destination, options);
    } catch (const Error& error) {
        if (error.code() != Errc::not_found && error.code() != Errc::invalid_argument) {
            throw;
        }
    }
    options.grid.clear();
    return locations.find(command.destination, options);
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
        info.format = *command.reencode == Encoding::jpeg   ? std::optional{TileFormat::jpeg}
                      : *command.reencode == Encoding::png  ? std::optional{TileFormat::png}
                      : *command.reencode == Encoding::webp ? std::optional{TileFormat::webp}
                                                            : std::nullopt;
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
    if (absolute(command.source) == absolute(command.destination)) {
        throw Error{Errc::invalid_argument, fmt::format("SRC and DST are both {}", command.source)};
    }
    require_dimensions_used(command.selection, std::array{command.source, command.destination});
    auto source =
        locations.find(command.source, location_options(command.source, command.selection));
    require_there(source);
    const auto& grid = *source.info.grid;
    auto destination = find_destination(command, grid, locations);
    std::vector<std::string> notes;
    std::optional<std::vector<TileKey>> only;
    if (!command.retry_failed.empty()) {
        only = read_failed_log(command.retry_failed, grid);
    }
    auto selection =
        only ? selection_of(*only, grid) : select(command.selection, source, &destination, notes);
    TransferPlan plan{.source = std::move(source),
                      .destination = std::move(destination),
                      .selection = std::move(selection),
                      .only = std::move(only),
                      .notes = std::move(notes)};
    if (plan.selection.is_empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{} names no tile", command.retry_failed.string())};
    }
    check_stores(plan);
    plan.like = describe(command, plan);
    plan.threads = command.threads;
    if (plan.threads == 0) {
        plan.threads = plan.destination.gains_by_parallel_writers
                           ? network_threads
                           : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    plan.writers = plan.destination.gains_by_parallel_writers ? plan.threads : 1;
    return plan;
}

fs::path default_journal(const TransferCommand& command) {
    const auto& selection = command.selection;
    const auto content_of = [](const fs::path& file) {
        return fs::is_regular_file(file) ? sha256_hex_of_file(file) : file.string();
    };
    std::vector<std::string> parts{absolute(command.source),
                                   absolute(command.destination),
                                   selection.grid,
                                   fmt::format("{}", fmt::join(selection.zooms, ",")),
                                   content_of(selection.region),
                                   content_of(command.retry_failed)};
    if (const auto& box = selection.bbox) {
        parts.push_back(fmt::format("{},{},{},{}", box->min_x, box->min_y, box->max_x, box->max_y));
    }
    for (const auto& [name, value] : selection.dimensions) {
        parts.push_back(fmt::format("{}={}", name, value));
    }
    parts.push_back(fmt::format("missing {} encoding {} quality {}", command.is_missing_only,
                                command.reencode ? static_cast<int>(*command.reencode) : -1,
                                command.quality));
    const auto text = fmt::format("{}", fmt::join(parts, "\n"));
    return journal_folder() / (sha256_hex(as_bytes(text)).substr(0, 32) + ".journal");
}

}  // namespace offgrid
