#include "sync/jobs/layer_sources.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/package/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t max_file_bytes = 16 << 20;
constexpr int max_depth = 5;
constexpr int deepest_zoom = 30;

constexpr std::array<std::string_view, 10> layer_fields{
    "rasters", "min_zoom", "max_zoom", "top",     "format",
    "as",      "quality",  "bounds",   "threads", "attribution"};
constexpr std::array<std::string_view, 4> formats{"jpeg", "png", "webp", "mixed"};

Error bad(const std::string& what) {
    return Error{Errc::invalid_argument, what};
}

Json parse(std::string_view text) {
    const auto check_depth = [](int depth, Json::parse_event_t, Json&) {
        if (depth > max_depth) {
            throw bad("it is nested too deeply");
        }
        return true;
    };
    try {
        return Json::parse(text, check_depth);
    } catch (const Json::exception& error) {
        throw bad(error.what());
    }
}

template <typename Names>
void check_fields(const Json& object, const Names& known) {
    for (const auto& [name, value] : object.items()) {
        if (std::ranges::find(known, name) == std::end(known)) {
            throw bad(
                fmt::format("unknown field '{}'; known are {}", name, fmt::join(known, ", ")));
        }
    }
}

std::optional<int> whole_number(const Json& object, const char* name, int lowest, int highest) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return std::nullopt;
    }
    const bool is_whole = found->is_number_integer();
    const auto value = is_whole ? found->get<std::int64_t>() : 0;
    if (!is_whole || value < lowest || value > highest) {
        throw bad(fmt::format("'{}' is not a whole number from {} to {}", name, lowest, highest));
    }
    return static_cast<int>(value);
}

std::string text(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return {};
    }
    if (!found->is_string()) {
        throw bad(fmt::format("'{}' is not a text", name));
    }
    return found->get<std::string>();
}

std::string one_of(const Json& object, const char* name, std::span<const std::string_view> known) {
    auto word = text(object, name);
    if (object.contains(name) && std::ranges::find(known, word) == known.end()) {
        throw bad(fmt::format("'{}' is not one of {}", name, fmt::join(known, ", ")));
    }
    return word;
}

std::optional<Box> bounds(const Json& object) {
    const auto found = object.find("bounds");
    if (found == object.end()) {
        return std::nullopt;
    }
    const bool is_box = found->is_array() && found->size() == 4 &&
                        std::ranges::all_of(*found, [](const Json& edge) {
                            return edge.is_number() && std::isfinite(edge.get<double>());
                        });
    const auto edge = [&](std::size_t index) { return (*found)[index].get<double>(); };
    const Box box = is_box ? Box{edge(0), edge(1), edge(2), edge(3)} : Box{};
    if (!is_box || box.is_empty() || box.min_x < -180 || box.max_x > 180 || box.min_y < -90 ||
        box.max_y > 90) {
        throw bad("'bounds' is not [west, south, east, north] in degrees");
    }
    return box;
}

/// The name as the program is given it. What GDAL opens through a driver (`WMS:…`, `/vsizip/…`) is
/// taken as it is; anything else is a file.
std::string raster(const std::string& name, const fs::path& folder) {
    if (name.empty() || name.find('\0') != std::string::npos || name.starts_with('-')) {
        throw bad(fmt::format("'rasters' has no file named '{}'", name));
    }
    return name.find(':') != std::string::npos ? name : (folder / name).lexically_normal().string();
}

std::vector<std::string> rasters(const Json& object, const fs::path& folder) {
    const auto found = object.find("rasters");
    if (found == object.end() || !found->is_array() || found->empty() ||
        !std::ranges::all_of(*found, [](const Json& name) { return name.is_string(); })) {
        throw bad("'rasters' is not a list of files with something in it");
    }
    std::vector<std::string> names;
    for (const auto& name : *found) {
        names.push_back(raster(name.get<std::string>(), folder));
    }
    return names;
}

LayerSource layer_source(const Json& object, const fs::path& folder) {
    if (!object.is_object()) {
        throw bad("it is not an object");
    }
    check_fields(object, layer_fields);
    constexpr std::array<std::string_view, 1> known_layouts{"ztop"};
    one_of(object, "as", known_layouts);
    LayerSource source{.rasters = rasters(object, folder),
                       .min_zoom = whole_number(object, "min_zoom", 0, deepest_zoom),
                       .max_zoom = whole_number(object, "max_zoom", 0, deepest_zoom),
                       .top = whole_number(object, "top", 0, deepest_zoom),
                       .format = one_of(object, "format", formats),
                       .quality = whole_number(object, "quality", 1, 100),
                       .bounds = bounds(object),
                       .threads = whole_number(object, "threads", 1, 256),
                       .attribution = text(object, "attribution")};
    if (source.min_zoom && !source.max_zoom) {
        throw bad("'min_zoom' needs a 'max_zoom'");
    }
    if (source.max_zoom && *source.max_zoom < source.min_zoom.value_or(0)) {
        throw bad("'max_zoom' is less than 'min_zoom'");
    }
    if (source.top && source.max_zoom && *source.top > *source.max_zoom) {
        throw bad("'top' is deeper than 'max_zoom'");
    }
    return source;
}

}  // namespace

LayerSources parse_layer_sources(std::string_view json, const fs::path& folder) {
    const auto document = parse(json);
    if (!document.is_object() || !document.contains("layers") || !document["layers"].is_object()) {
        throw bad("it is not an object with an object 'layers'");
    }
    check_fields(document, std::array<std::string_view, 1>{"layers"});
    LayerSources sources;
    for (const auto& [name, object] : document["layers"].items()) {
        if (!is_layer_name(name)) {
            throw bad(fmt::format("'{}' cannot be the name of a layer", name));
        }
        try {
            sources.emplace(name, layer_source(object, folder));
        } catch (const Error& error) {
            rethrow_with(error, "layer '{}'", name);
        }
    }
    return sources;
}

LayerSources load_layer_sources(const fs::path& file) {
    const auto path = fs::absolute(file).lexically_normal();
    const auto content = read_file(path, max_file_bytes);
    try {
        return parse_layer_sources(as_text(content), path.parent_path());
    } catch (const Error& error) {
        rethrow_with(error, "{}", path.string());
    }
}

}  // namespace offgrid
