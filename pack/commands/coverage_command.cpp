#include "pack/commands/command.h"
#include "pack/commands/open_store.h"
#include "pack/commands/selection_options.h"
#include "pack/inspect/coverage.h"
#include "pack/inspect/coverage_text.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace offgrid {
namespace {

struct CoverageCommand {
    std::string source;
    SelectionRequest selection;
    bool shows_files = false;
    bool is_json = false;
};

}  // namespace

int run_coverage(Words words, const std::atomic<bool>& is_stopped) {
    CLI::App app{"Count the tiles of a store: there, expected, missing, misplaced",
                 "offgrid coverage"};
    CoverageCommand command;
    SelectionOptions selection_options;
    app.add_option("SRC", command.source,
                   "MBTiles file, package, FOLDER/{z}/{x}/{y}.EXT or mapcache.xml#TILESET")
        ->required();
    selection_options.add_to(app);
    app.add_flag("--files", command.shows_files, "Show each file too");
    app.add_flag("--json", command.is_json, "Print one JSON object");
    if (const auto answer =
            parse_words(app, words, [&] { command.selection = selection_options.read(); })) {
        return print(*answer);
    }
    const auto locations = make_locations();
    const auto source =
        locations->find(command.source, location_options(command.source, command.selection));
    require_there(source);
    std::vector<std::string> notes;
    const auto selection = select(command.selection, source, nullptr, notes);
    const auto reader = source.open_reader();
    const auto report =
        coverage(*reader, selection, is_stopped,
                 {.empty_zooms =
                      command.selection.zooms.empty() ? EmptyZooms::left_out : EmptyZooms::shown});
    const auto files = command.shows_files ? FileTable::on : FileTable::off;
    fmt::print("{}", command.is_json ? to_json(report, files) : to_text(report, files));
    return report.misplaced > 0 || report.unreadable() > 0 ? exit_incomplete : exit_ok;
}

}  // namespace offgrid
