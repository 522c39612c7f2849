#include "pack/commands/transfer_report.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace offgrid {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr auto between_json_lines = 200ms;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// `, the first 3/1/2: cause`; empty when none failed in this run.
std::string first_failure(const FailedLog& failed_log) {
    auto line = failed_log.first();
    if (line.empty()) {
        return line;
    }
    if (const auto tab = line.find('\t'); tab != std::string::npos) {
        line.replace(tab, 1, ": ");
    }
    return ", the first " + line.substr(line.starts_with("# ") ? 2 : 0);
}

double per_second(std::int64_t count, double seconds) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

}  // namespace

TransferReport::TransferReport(const TransferCommand& command, const TransferPlan& plan,
                               const TransferCounts& before)
    : command_{command}, plan_{plan}, before_{before}, display_{stderr} {}

double TransferReport::seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
}

void TransferReport::show(const TransferProgress& progress) {
    if (command_.has_json_progress) {
        print_progress_json(progress);
    } else if (!command_.is_quiet) {
        ShownProgress shown{.tiles = progress.counts.tiles - before_.tiles,
                            .detail = fmt::format("zoom {}", progress.zoom)};
        if (progress.share > 0) {
            shown.share = progress.share;
        }
        display_.show(shown);
    }
}

void TransferReport::print_progress_json(const TransferProgress& progress) {
    if (Clock::now() < next_line_) {
        return;
    }
    next_line_ = Clock::now() + between_json_lines;
    fmt::print(stderr, "{}",
               dump({{"seconds", seconds()},
                     {"zoom", progress.zoom},
                     {"tiles", progress.counts.tiles - before_.tiles},
                     {"bytes", progress.counts.bytes - before_.bytes},
                     {"failed", progress.counts.failed}}));
}

void TransferReport::finish(const TransferResult& result, const FailedLog& failed_log) {
    display_.finish();
    if (result.has_started_zoom_again && !command_.is_quiet) {
        fmt::print(stderr, "note: {} has changed: the zoom was begun anew\n", plan_.source.text);
    }
    const auto& counts = result.counts;
    if (!result.ended_by && counts.tiles + counts.failed + counts.present == 0) {
        fmt::print(stderr, "note: {} has none of the tiles that are selected\n", plan_.source.text);
    }
    if (command_.is_json) {
        print_json(result, failed_log);
    } else if (!command_.is_quiet) {
        print_text(result);
    }
    if (counts.failed > 0) {
        fmt::print(stderr, "{} tiles failed{}; --retry-failed {} does them again\n", counts.failed,
                   first_failure(failed_log), failed_log.path().string());
    }
    if (result.ended_by) {
        fmt::print(stderr, "offgrid-pack: {}; the same command {}\n", result.ended_by->what(),
                   plan_.destination.is_built_once ? "begins anew" : "goes on from there");
    }
}

void TransferReport::print_text(const TransferResult& result) const {
    const auto& counts = result.counts;
    const auto took = seconds();
    const auto tiles = counts.tiles - before_.tiles;
    const auto bytes = counts.bytes - before_.bytes;
    std::string more;
    if (before_.tiles > 0) {
        more += fmt::format(", {} by former runs", before_.tiles);
    }
    if (counts.present > 0) {
        more += fmt::format(", {} were there already", counts.present);
    }
    if (counts.absent > 0) {
        more += fmt::format(", {} are not in the source", counts.absent);
    }
    fmt::print("{}: {} tiles, {:.1f} MB in {:.1f} s ({:.0f} tiles/s, {:.1f} MB/s){}\n",
               plan_.destination.text, tiles, static_cast<double>(bytes) / 1e6, took,
               per_second(tiles, took), per_second(static_cast<std::int64_t>(bytes), took) / 1e6,
               more);
}

void TransferReport::print_json(const TransferResult& result, const FailedLog& failed_log) const {
    const auto& counts = result.counts;
    const auto took = seconds();
    const auto tiles = counts.tiles - before_.tiles;
    Json json{{"source", plan_.source.text},
              {"destination", plan_.destination.text},
              {"tiles", tiles},
              {"bytes", counts.bytes - before_.bytes},
              {"tiles_by_former_runs", before_.tiles},
              {"failed", counts.failed},
              {"present", counts.present},
              {"absent", counts.absent},
              {"seconds", took},
              {"tiles_per_second", per_second(tiles, took)}};
    if (counts.failed > 0) {
        json["failed_log"] = failed_log.path().string();
    }
    if (result.ended_by) {
        json["ended_by"] = result.ended_by->what();
    }
    fmt::print("{}", dump(json));
}

}  // namespace offgrid
