#include "sync/generation_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ctime>

namespace offgrid {

using Json = nlohmann::ordered_json;

std::string time_text(std::int64_t seconds) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

Json to_value(const KeptGeneration& kept) {
    Json json{{"number", kept.number}, {"current", kept.is_current}};
    if (!kept.damage.empty()) {
        json["damaged"] = true;
        return json;
    }
    json["previous"] = kept.previous ? Json(*kept.previous) : Json(nullptr);
    json["created"] = time_text(kept.created);
    json["author"] = kept.author;
    json["change"] = kept.change;
    json["stored_bytes"] = kept.stored_bytes;
    json["files"] = kept.totals.files;
    json["tiles"] = kept.totals.tiles;
    json["bytes"] = kept.totals.bytes;
    return json;
}

}  // namespace offgrid
