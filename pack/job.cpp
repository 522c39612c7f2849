#include "pack/job.h"

#include "formats/base/error.h"
#include "formats/image/encoding.h"
#include "pack/job_values.h"
#include "pack/source_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using Json = JobJson;

/// The word for a value. REQUIRES: there is one.
template <typename Value>
std::string word_for(const std::map<std::string, Value>& words, Value value) {
    return std::ranges::find(words, value, &std::pair<const std::string, Value>::second)->first;
}

int zoom_of(const Json& json, const std::string& member) {
    return number_of(json, member, 0, deepest_zoom);
}

std::vector<std::string> sources_in(const Json& json, const std::string& member) {
    auto sources = value_of<std::vector<std::string>>(json, member);
    if (sources.empty() || std::ranges::find(sources, "") != sources.end()) {
        refuse(member, "is not a list of names with something in it");
    }
    return sources;
}

/// `[MIN, MAX]`.
PackOptions::Zooms zooms_in(const Json& json, const std::string& member) {
    const auto zooms = value_of<std::vector<int>>(json, member);
    if (zooms.size() != 2 || zooms[0] < 0 || zooms[0] > zooms[1] || zooms[1] > deepest_zoom) {
        refuse(member, fmt::format("is not [MIN, MAX] from 0 to {}", deepest_zoom));
    }
    return {zooms[0], zooms[1]};
}

/// `[W, S, E, N]`. Whether west may lie east of east is for `check` to say.
Box box_in(const Json& json, const std::string& member) {
    const auto edges = value_of<std::vector<double>>(json, member);
    const auto is_within = [&](std::size_t edge, double limit) {
        return std::abs(edges[edge]) <= limit;
    };
    if (edges.size() != 4 || !is_within(0, 180) || !is_within(1, 90) || !is_within(2, 180) ||
        !is_within(3, 90) || edges[0] == edges[2] || edges[1] >= edges[3]) {
        refuse(member, "is not [west, south, east, north] in degrees");
    }
    return {edges[0], edges[1], edges[2], edges[3]};
}

/// `{"file": …, "zoom": …}`, the zoom as it is wanted.
RegionOption region_in(const Json& json, const std::string& member) {
    if (!json.is_object() || !json.contains("file")) {
        refuse(member, "is not a list of objects with a 'file'");
    }
    RegionOption region;
    for (const auto& [name, value] : json.items()) {
        const auto inner = fmt::format("{}.{}", member, name);
        if (name == "file") {
            region.file = value_of<std::string>(value, inner);
        } else if (name == "zoom") {
            region.max_zoom = zoom_of(value, inner);
        } else {
            refuse(inner, "is unknown; known are file, zoom");
        }
    }
    return region;
}

std::vector<RegionOption> regions_in(const Json& json, const std::string& member) {
    if (!json.is_array()) {
        refuse(member, "is not a list of objects with a 'file'");
    }
    std::vector<RegionOption> regions;
    for (const auto& region : json) {
        regions.push_back(region_in(region, member));
    }
    return regions;
}

using Read = void (*)(PackOptions& options, const Json& json, const std::string& member);

/// The members of a job, each with what reads it.
const std::map<std::string, Read>& members() {
    static const std::map<std::string, Read> all{
        {"sources", [](PackOptions& options, const Json& json,
                       const std::string& member) { options.sources = sources_in(json, member); }},
        {"order",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.order = word_of(source_orders(), json, member);
         }},
        {"bands",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.bands.bands = value_of<std::vector<int>>(json, member);
         }},
        {"stretch",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.bands.stretch = parse_stretch(value_of<std::string>(json, member));
         }},
        {"nodata",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.bands.nodata = parse_nodata(value_of<std::string>(json, member));
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
        {"zoom", [](PackOptions& options, const Json& json,
                    const std::string& member) { options.zooms = zooms_in(json, member); }},
        {"top", [](PackOptions& options, const Json& json,
                   const std::string& member) { options.top = zoom_of(json, member); }},
        {"format",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.encoding = word_of(encodings(), json, member);
         }},
        {"quality",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.quality = number_of(json, member, 1, 100);
         }},
        {"bbox", [](PackOptions& options, const Json& json,
                    const std::string& member) { options.bbox = box_in(json, member); }},
        {"regions", [](PackOptions& options, const Json& json,
                       const std::string& member) { options.regions = regions_in(json, member); }},
        {"buffer",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.buffer_m = value_of<double>(json, member);
         }},
        {"overview", [](PackOptions& options, const Json& json,
                        const std::string& member) { options.overview = zoom_of(json, member); }},
        {"clip",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.is_clipped = value_of<bool>(json, member);
         }},
        {"rate-limit",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.online.rate_limit = value_of<double>(json, member);
         }},
        {"retries",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.online.retries = number_of(json, member, 0, 20);
         }},
        {"connections",
         [](PackOptions& options, const Json& json, const std::string& member) {
             options.online.connections = number_of(json, member, 1, 64);
         }},
    };
    return all;
}

void add_online(Json& json, const OnlineOptions& online) {
    const OnlineOptions usual;
    if (online.rate_limit != usual.rate_limit) {
        json["rate-limit"] = online.rate_limit;
    }
    if (online.retries != usual.retries) {
        json["retries"] = online.retries;
    }
    if (online.connections != usual.connections) {
        json["connections"] = online.connections;
    }
}

}  // namespace

std::string to_json(const PackOptions& options) {
    Json json;
    for (const auto& source : options.sources) {
        json["sources"].push_back(absolute_name(source));
    }
    if (options.order != SourceOrder::given) {
        json["order"] = word_for(source_orders(), options.order);
    }
    const auto& bands = options.bands;
    if (!bands.bands.empty()) {
        json["bands"] = bands.bands;
    }
    if (bands.stretch.kind != Stretch::Kind::by_type) {
        json["stretch"] = to_text(bands.stretch);
    }
    if (bands.nodata) {
        json["nodata"] = nodata_text(*bands.nodata);
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
    add_online(json, options.online);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

PackOptions parse_job(std::string_view text) {
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        throw Error{Errc::invalid_argument, "it is no JSON object"};
    }
    PackOptions options;
    for (const auto& [member, value] : json.items()) {
        const auto found = members().find(member);
        if (found == members().end()) {
            refuse(member, fmt::format("is unknown; known are {}", fmt::join(job_members(), ", ")));
        }
        found->second(options, value, member);
    }
    if (options.sources.empty()) {
        refuse("sources", "is missing");
    }
    return options;
}

std::vector<std::string> job_members() {
    std::vector<std::string> names;
    std::ranges::transform(members(), std::back_inserter(names),
                           &std::pair<const std::string, Read>::first);
    return names;
}

}  // namespace offgrid
