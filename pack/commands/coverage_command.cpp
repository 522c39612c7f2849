#include "pack/commands/command.h"
#include "pack/commands/open_store.h"
#include "pack/commands/selection_options.h"
#include "pack/inspect/coverage.h"
#include "pack/inspect/coverage_text.h"

#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace offgrid {
namespace {

struct CoverageCommand {
    std::string source;
    SelectionRequest selection;
    bool shows_files = false;
    bool is_json = false;
};

Selection select_expected(const SelectionRequest& request, const config::StoreLocation& source) {
    auto whole = source;
    whole.limits = source.expected;
    std::vector<std::string> notes;
    return select(request, whole, nullptr, notes);
}

/// A zoom without tiles is a finding where somebody said that the store has it: the user, or the
/// store, which then ends above the deepest zoom of its grid.
EmptyZooms empty_zooms_of(const SelectionRequest& request, const config::StoreLocation& source) {
    const bool is_limited =
        !request.zooms.empty() || source.info.max_zoom + 1 < source.info.grid->levels();
    return is_limited ? EmptyZooms::shown : EmptyZooms::left_out;
}

}  // namespace

int run_coverage(Words words, const std::atomic<bool>& is_stopped) {
    CLI::App app{"Count the tiles of a store: there, expected, missing, misplaced",
                 "offgrid coverage"};
    CoverageCommand command;
    SelectionOptions selection_options;
    app.add_option("SRC", command.source,
                   "MBTiles or PMTiles file, FILE.gpkg#TABLE, package, FOLDER/{z}/{x}/{y}.EXT, "
                   "mapcache.xml#TILESET or geowebcache.xml#LAYER@GRIDSET@EXT")
        ->required();
    selection_options.add_to(app);
    app.add_flag("--files", command.shows_files, "Show each file too");
    app.add_flag("--json", command.is_json, "Print one JSON object");
    if (const auto answer =
            parse_words(app, words, [&] { command.selection = selection_options.read(); })) {
        return print(*answer);
    }
    require_dimensions_used(command.selection, std::span{&command.source, 1});
    const auto locations = make_locations();
    const auto source = find_source(*locations, command.source, command.selection);
    const auto selection = select_expected(command.selection, source);
    const auto reader = source.open_reader();
    const auto report = coverage(*reader, selection, is_stopped,
                                 {.empty_zooms = empty_zooms_of(command.selection, source)});
    const auto files = command.shows_files ? FileTable::on : FileTable::off;
    fmt::print("{}", command.is_json ? to_json(report, files) : to_text(report, files));
    return report.misplaced > 0 || report.unreadable() > 0 ? exit_incomplete : exit_ok;
}

}  // namespace offgrid
