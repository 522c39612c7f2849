#include "formats/base/error.h"
#include "formats/package/depot.h"
#include "formats/package/manifest.h"
#include "pack/commands/command.h"
#include "pack/commands/open_store.h"
#include "pack/commands/selection_options.h"
#include "pack/inspect/verify_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Problems that one JSON object lists; it counts all.
constexpr std::size_t max_listed = 10'000;

struct VerifyCommand {
    std::vector<std::string> sources;
    SelectionRequest selection;
    Depth depth = Depth::signature;
    bool is_json = false;
};

void add(VerifySummary& total, const VerifySummary& summary) {
    total.files += summary.files;
    total.tiles += summary.tiles;
    total.problems += summary.problems;
}

/// Every layer of a depot, its files where the depot stores them.
VerifySummary verify_depot(const Depot& depot, const VerifyContext& context) {
    VerifySummary total;
    for (const auto& [name, manifest] : depot.load_current().layers) {
        add(total, verify_package_files(
                       manifest,
                       [&, &layer = name](const PackageFile& file) {
                           return depot.stored_path(layer, file);
                       },
                       context));
    }
    return total;
}

VerifySummary verify(const std::string& source, const SelectionRequest& selection,
                     config::StoreLocations& locations, const VerifyContext& context) {
    const fs::path folder{source};
    if (selection.grid.empty() && fs::is_directory(folder) && Depot::is_depot(folder)) {
        return verify_depot(Depot{folder}, context);
    }
    const auto location = find_source(locations, source, selection);
    if (fs::is_regular_file(folder / manifest_name)) {
        return verify_package_files(
            read_manifest(folder), [&](const PackageFile& file) { return folder / file.name; },
            context);
    }
    if (fs::is_regular_file(source) && location.type == "mbtiles") {
        return verify_mbtiles_file(source, *location.info.grid, context);
    }
    const auto reader = location.open_reader();
    return verify_store(source, *reader, location.limits, context);
}

/// Prints what is found, as it is found or, for programs, in the end.
class Report {
public:
    explicit Report(bool is_json) : is_json_{is_json} {}

    void add(const Problem& problem) {
        if (!is_json_) {
            const auto what = problem.tile.empty()
                                  ? problem.what
                                  : fmt::format("{}: {}", problem.tile, problem.what);
            fmt::print("{}\n", with_name(problem.where, what));
        } else if (problems_.size() < max_listed) {
            nlohmann::ordered_json json{{"file", problem.where}};
            if (!problem.tile.empty()) {
                json["tile"] = problem.tile;
            }
            json["problem"] = problem.what;
            problems_.push_back(std::move(json));
        }
    }

    /// A source that could not be looked at.
    void add_error(const std::string& source, const Error& error) {
        errors_.push_back(with_name(source, error.what()));
        fmt::print(stderr, "offgrid-pack: {}\n", errors_.back());
    }

    void finish(const VerifySummary& summary) {
        if (is_json_) {
            nlohmann::ordered_json json{{"files", summary.files},
                                        {"tiles", summary.tiles},
                                        {"problems", summary.problems},
                                        {"list", problems_}};
            if (!errors_.empty()) {
                json["error"] = fmt::format("{}", fmt::join(errors_, "; "));
            }
            fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        } else if (errors_.empty() || summary.files + summary.tiles > 0) {
            fmt::print("{} tiles in {} files: {}{}\n", summary.tiles, summary.files,
                       verdict(summary),
                       errors_.empty() ? "" : "; not everything could be looked at");
        }
    }

private:
    static std::string verdict(const VerifySummary& summary) {
        if (summary.problems > 0) {
            return fmt::format("{} problems", summary.problems);
        }
        return summary.tiles > 0 ? "sound" : "nothing to check";
    }

    bool is_json_;
    nlohmann::ordered_json problems_ = nlohmann::ordered_json::array();
    std::vector<std::string> errors_;
};

/// Verify every source; gives the exit code: of the first that could not be looked at, else
/// whether anything was found.
int verify_all(const VerifyCommand& command, Report& report, const std::atomic<bool>& is_stopped) {
    const VerifyContext context{.depth = command.depth,
                                .report = [&](const Problem& problem) { report.add(problem); },
                                .is_stopped = is_stopped};
    VerifySummary total;
    std::optional<int> failed;
    const auto locations = make_locations();
    for (const auto& source : command.sources) {
        try {
            add(total, verify(source, command.selection, *locations, context));
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted) {
                throw;
            }
            if (error.code() == Errc::corrupt) {  // that is what was looked for
                ++total.problems;
                report.add({.where = source, .what = error.what()});
                continue;
            }
            report.add_error(source, error);
            failed = failed.value_or(exit_code_of(error.code()));
        }
    }
    report.finish(total);
    return failed.value_or(total.problems > 0 ? exit_incomplete : exit_ok);
}

}  // namespace

int run_verify(Words words, const std::atomic<bool>& is_stopped) {
    CLI::App app{"Check packages, MBTiles and PMTiles files and caches: schema, places, content",
                 "offgrid verify"};
    VerifyCommand command;
    SelectionOptions options;
    app.add_option("SRC", command.sources,
                   "Package folders, depots, MBTiles and PMTiles files, FILE.gpkg#TABLE, "
                   "mapcache.xml#TILESET, "
                   "geowebcache.xml#LAYER@GRIDSET@EXT")
        ->required();
    options.add_store_options_to(app);
    app.add_flag_callback(
        "--deep", [&] { command.depth = Depth::pixels; }, "Decode every tile");
    app.add_flag("--json", command.is_json, "Print one JSON object at the end");
    if (const auto answer = parse_words(app, words, [&] { command.selection = options.read(); })) {
        return print(*answer);
    }
    require_dimensions_used(command.selection, command.sources);
    Report report{command.is_json};
    return verify_all(command, report, is_stopped);
}

}  // namespace offgrid
