#include "sync/replace_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

std::string line_of(const ReplaceReport& report) {
    const auto count = report.files.size();
    const auto files =
        fmt::format("{} file{} of layer '{}'", count, count == 1 ? "" : "s", report.layer);
    return report.is_dry_run ? fmt::format("would replace {}; nothing is changed", files)
                             : fmt::format("replaced {}: generation {}", files, report.generation);
}

}  // namespace

Reply report_reply(const ReplaceReport& report, MessageForm form) {
    if (form == MessageForm::text) {
        return text_reply(200, line_of(report));
    }
    Json json{{"layer", report.layer}, {"generation", report.generation}};
    if (report.is_dry_run) {
        json["dry_run"] = true;
    }
    json["files"] = Json::array();
    for (const auto& file : report.files) {
        auto& entry = json["files"].emplace_back(Json{{"name", file.name},
                                                      {"old_sha256", or_null(file.old_sha256)},
                                                      {"new_sha256", or_null(file.new_sha256)},
                                                      {"tiles", file.tiles},
                                                      {"bytes", file.bytes}});
        if (!file.layer.empty() && file.layer != report.layer) {
            entry["layer"] = file.layer;  // one of its tilesets
        }
    }
    if (report.layer_sha256) {
        json["layer_sha256"] = *report.layer_sha256;
    }
    if (!report.is_dry_run) {
        json["drained"] = report.drain.is_complete;
        json["drained_ms"] = report.drain.waited.count();
        json["leases"] = report.drain.leases;
    }
    return json_reply(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace offgrid
