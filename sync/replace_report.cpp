#include "sync/replace_report.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

}  // namespace

Reply report_reply(const ReplaceReport& report) {
    Json json{{"layer", report.layer}, {"generation", report.generation}, {"files", Json::array()}};
    for (const auto& file : report.files) {
        json["files"].push_back({{"name", file.name},
                                 {"old_sha256", or_null(file.old_sha256)},
                                 {"new_sha256", or_null(file.new_sha256)},
                                 {"tiles", file.tiles},
                                 {"bytes", file.bytes}});
    }
    json["drained"] = report.is_drained;
    json["drained_ms"] = report.drained.count();
    return json_reply(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace offgrid
