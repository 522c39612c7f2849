#include "formats/pmtiles/metadata.h"

#include "formats/base/error.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string_view>

namespace offgrid::pmtiles {
namespace {

using nlohmann::json;

constexpr auto replace = json::error_handler_t::replace;

bool is_used(std::string_view key) {
    return key == "name" || key == "description" || key == "attribution" || key == "vector_layers";
}

/// Keeps of a document what is used and, of that, what a real one has: writing JSON recurses, and
/// many small values take much more memory than their text.
class Filter {
public:
    bool keeps(int depth, json::parse_event_t event, const json& value) {
        constexpr int max_depth = 8;
        constexpr std::size_t max_values = 200'000;
        if (depth == 1 && event == json::parse_event_t::key) {
            is_used_ = is_used(value.get_ref<const std::string&>());
            return is_used_;
        }
        if (depth >= 1 && !is_used_) {
            return false;
        }
        if (++values_ > max_values) {
            throw Error{Errc::too_large,
                        "its metadata describes vector layers by more than 200000 values"};
        }
        return depth <= max_depth;
    }

private:
    bool is_used_ = false;
    std::size_t values_ = 0;
};

std::string text_in(const json& document, const char* key) {
    const auto found = document.find(key);
    return found != document.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string{};
}

}  // namespace

Metadata parse_metadata(BytesView bytes) {
    Filter filter;
    const auto document = json::parse(
        bytes.begin(), bytes.end(),
        [&](int depth, json::parse_event_t event, const json& value) {
            return filter.keeps(depth, event, value);
        },
        /*allow_exceptions=*/false);
    if (!document.is_object()) {
        return {};
    }
    const auto layers = document.find("vector_layers");
    return {.name = text_in(document, "name"),
            .description = text_in(document, "description"),
            .attribution = text_in(document, "attribution"),
            .vector_layers = layers != document.end() && layers->is_array()
                                 ? layers->dump(-1, ' ', false, replace)
                                 : std::string{}};
}

Bytes to_json(const StoreInfo& info) {
    json document{{"type", "baselayer"}, {"version", "1.0.0"}};
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty()) {
            document[key] = value;
        }
    };
    add("name", info.name);
    add("description", info.description);
    add("attribution", info.attribution);
    const auto text = document.dump(-1, ' ', false, replace);
    return {text.begin(), text.end()};
}

}  // namespace offgrid::pmtiles
