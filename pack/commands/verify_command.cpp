#include "formats/base/error.h"
#include "formats/package/manifest.h"
#include "pack/commands/command.h"
#include "pack/commands/open_store.h"
#include "pack/commands/selection_options.h"
#include "pack/inspect/verify_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Problems that one JSON object lists; it counts all.
constexpr std::size_t max_listed = 10'000;

struct VerifyCommand {
    std::vector<std::string> sources;
    Depth depth = Depth::signature;
    bool is_json = false;
};

VerifySummary verify(const std::string& source, config::StoreLocations& locations,
                     const VerifyContext& context) {
    if (fs::is_regular_file(fs::path{source} / manifest_name)) {
        return verify_package_folder(source, context);
    }
    const auto location = locations.find(source);
    require_there(location);
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
            fmt::print("{}: {}{}{}\n", problem.where, problem.tile,
                       problem.tile.empty() ? "" : ": ", problem.what);
        } else if (problems_.size() < max_listed) {
            nlohmann::ordered_json json{{"file", problem.where}};
            if (!problem.tile.empty()) {
                json["tile"] = problem.tile;
            }
            json["problem"] = problem.what;
            problems_.push_back(std::move(json));
        }
    }

    void finish(const VerifySummary& summary) {
        if (is_json_) {
            const nlohmann::ordered_json json{{"files", summary.files},
                                              {"tiles", summary.tiles},
                                              {"problems", summary.problems},
                                              {"list", problems_}};
            fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        } else {
            fmt::print(
                "{} tiles in {} files: {}\n", summary.tiles, summary.files,
                summary.problems == 0 ? "sound" : fmt::format("{} problems", summary.problems));
        }
    }

private:
    bool is_json_;
    nlohmann::ordered_json problems_ = nlohmann::ordered_json::array();
};

}  // namespace

int run_verify(Words words, const std::atomic<bool>& is_stopped) {
    CLI::App app{"Check packages, MBTiles files and caches: schema, places, content",
                 "offgrid verify"};
    VerifyCommand command;
    app.add_option("SRC", command.sources, "Package folders, MBTiles files, mapcache.xml#TILESET")
        ->required();
    app.add_flag_callback(
        "--deep", [&] { command.depth = Depth::pixels; }, "Decode every tile");
    app.add_flag("--json", command.is_json, "Print one JSON object at the end");
    if (const auto answer = parse_words(app, words, [] {})) {
        return print(*answer);
    }
    Report report{command.is_json};
    const VerifyContext context{.depth = command.depth,
                                .report = [&](const Problem& problem) { report.add(problem); },
                                .is_stopped = is_stopped};
    VerifySummary total;
    int refused = exit_ok;
    const auto locations = make_locations();
    for (const auto& source : command.sources) {
        try {
            const auto summary = verify(source, *locations, context);
            total.files += summary.files;
            total.tiles += summary.tiles;
            total.problems += summary.problems;
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted) {
                throw;
            }
            fmt::print(stderr, "offgrid-pack: {}: {}\n", source, error.what());
            refused = std::max<int>(refused, exit_code_of(error.code()));
        }
    }
    report.finish(total);
    return refused != exit_ok ? refused : total.problems > 0 ? exit_incomplete : exit_ok;
}

}  // namespace offgrid
