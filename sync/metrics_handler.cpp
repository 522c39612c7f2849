#include "sync/metrics_handler.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

/// Behind the metrics of the serving port, in the same format.
std::string text_of(const ReplaceCounts::Snapshot& counts) {
    std::string text =
        "# HELP offgrid_replaces_total Replaces that were asked for, by what came of them.\n"
        "# TYPE offgrid_replaces_total counter\n";
    for (const auto& [outcome, count] : counts.by_outcome) {
        text += fmt::format("offgrid_replaces_total{{outcome=\"{}\"}} {}\n", outcome, count);
    }
    text += fmt::format(
        "# HELP offgrid_received_bytes_total Bytes of the files that came with replaces.\n"
        "# TYPE offgrid_received_bytes_total counter\n"
        "offgrid_received_bytes_total {}\n",
        counts.received_bytes);
    return text;
}

}  // namespace

std::vector<AdminRoute> metrics_routes(std::function<std::string()> serving,
                                       const ReplaceCounts& counts) {
    const auto answer = [serving = std::move(serving), &counts](AdminRequest&) -> Reply {
        return {.media_type = "text/plain; version=0.0.4; charset=utf-8",
                .body = serving() + text_of(counts.snapshot()),
                .headers = {}};
    };
    return {{.method = "GET", .pattern = "/metrics", .least = Role::reader, .handler = answer}};
}

}  // namespace offgrid
