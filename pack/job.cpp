#include "pack/job.h"

#include "formats/base/error.h"
#include "formats/image/encoding.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& member, const std::string& cause) {
    throw Error{Errc::invalid_argument, fmt::format("job: '{}' {}", member, cause)};
}

template <typename Value>
Value value_of(const Json& json, const std::string& member) {
    try {
        return json.get<Value>();
    } catch (const Json::exception&) {
        refuse(member, "is not what is expected there");
    }
}

/// The value that a word stands for.
template <typename Value>
Value word_of(const std::map<std::string, Value>& words, const Json& json,
              const std::string& member) {
    const auto word = value_of<std::string>(json, member);
    const auto found = words.find(word);
    if (found == words.end()) {
        refuse(member, fmt::format("cannot be '{}'", word));
    }
    return found->second;
}

/// The word for a value. REQUIRES: there is one.
template <typename Value>
std::string word_for(const std::map<std::string, Value>& words, Value value) {
    return std::ranges::find(words, value, &std::pair<const std::string, Value>::second)->first;
}

/// `{"file": …, "zoom": …}`, the zoom as it is wanted.
RegionOption region_in(const Json& json, const std::string& member) {
    if (!json.is_object() || !json.contains("file")) {
        refuse(member, "must hold objects with a 'file'");
    }
    RegionOption region{.file = value_of<std::string>(json.at("file"), member)};
    if (json.contains("zoom")) {
        region.max_zoom = value_of<int>(json.at("zoom"), member);
    }
    return region;
}

using Read = void (*)(PackOptions& options, const Json& json, const std::string& member);

/// The members of a job, each with what reads it.
const std::map<std::string, Read>& members() {
    static const std::map<std::string, Read> all{
        {"sources",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.sources = value_of<std::vector<std::string>>(json, member);
         }},
        {"layer",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.layer = value_of<std::string>(json, member);
         }},
        {"attribution",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.attribution = value_of<std::string>(json, member);
         }},
        {"grid",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.grid = value_of<std::string>(json, member);
         }},
        {"resampling",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.resampling = word_of(resamplings(), json, member);
         }},
        {"gamma",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.light = value_of<bool>(json, member) ? Light::linear : Light::encoded;
         }},
        {"keep-empty",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.keeps_empty = value_of<bool>(json, member);
         }},
        {"zoom",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.zooms = value_of<std::pair<int, int>>(json, member);
         }},
        {"top", [](PackOptions& options, const Json& json,
                   const std::string& member) { options.top = value_of<int>(json, member); }},
        {"format",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.encoding = word_of(encodings(), json, member);
         }},
        {"quality",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.quality = value_of<int>(json, member);
         }},
        {"bbox",
         [](PackOptions& options, const Json& json, const std::string& member) {
             const auto edges = value_of<std::array<double, 4>>(json, member);
             options.bbox = Box{edges[0], edges[1], edges[2], edges[3]};
         }},
        {"regions",
         [](PackOptions& options, const Json& json, const std::string& member) {
             for (const auto& region : value_of<std::vector<Json>>(json, member)) {
                 options.regions.push_back(region_in(region, member));
             }
         }},
        {"buffer",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.buffer_m = value_of<double>(json, member);
         }},
        {"overview",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.overview = value_of<int>(json, member);
         }},
        {"clip",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.is_clipped = value_of<bool>(json, member);
         }},
    };
    return all;
}

}  // namespace

std::string absolute_name(const std::string& source) {
    std::error_code failure;
    return std::filesystem::exists(source, failure)
               ? std::filesystem::absolute(source).lexically_normal().string()
               : source;
}

std::string to_json(const PackOptions& options) {
    Json json;
    for (const auto& source : options.sources) {
        json["sources"].push_back(absolute_name(source));
    }
    if (!options.layer.empty()) {
        json["layer"] = options.layer;
    }
    if (!options.attribution.empty()) {
        json["attribution"] = options.attribution;
    }
    if (options.zooms) {
        json["zoom"] = *options.zooms;
    }
    if (options.top) {
        json["top"] = *options.top;
    }
    if (options.encoding) {
        json["format"] = word_for(encodings(), *options.encoding);
    }
    json["quality"] = options.quality;
    if (!options.grid.empty()) {
        json["grid"] = absolute_name(options.grid);
    }
    if (options.resampling) {
        json["resampling"] = word_for(resamplings(), *options.resampling);
    }
    if (options.light == Light::linear) {
        json["gamma"] = true;
    }
    if (options.keeps_empty) {
        json["keep-empty"] = true;
    }
    if (const auto& box = options.bbox) {
        json["bbox"] = {box->min_x, box->min_y, box->max_x, box->max_y};
    }
    for (const auto& region : options.regions) {
        Json& entry = json["regions"].emplace_back(Json{{"file", absolute_name(region.file)}});
        if (region.max_zoom) {
            entry["zoom"] = *region.max_zoom;
        }
    }
    if (options.buffer_m != 0) {
        json["buffer"] = options.buffer_m;
    }
    if (options.overview) {
        json["overview"] = *options.overview;
    }
    if (options.is_clipped) {
        json["clip"] = true;
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

PackOptions parse_job(std::string_view text) {
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        throw Error{Errc::invalid_argument, "the job is no JSON object"};
    }
    PackOptions options;
    for (const auto& [member, value] : json.items()) {
        const auto found = members().find(member);
        if (found == members().end()) {
            refuse(member, "is unknown");
        }
        found->second(options, value, member);
    }
    return options;
}

}  // namespace offgrid
