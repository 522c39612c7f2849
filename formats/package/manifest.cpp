#include "formats/package/manifest.h"

#include "formats/base/error.h"
#include "formats/package/manifest_grid.h"
#include "formats/package/manifest_json.h"
#include "formats/package/package_file_check.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

constexpr int format_version = 1;
constexpr std::string_view mixed = "mixed";

/// The document, its grid, the grid's levels, one of them, a point.
constexpr int manifest_depth = 5;

/// What the store adds to a part of a name is shorter than the rest of the 255 bytes that file
/// systems allow.
constexpr std::size_t max_name_part_bytes = 180;

Error bad(std::string_view what) {
    return Error{Errc::corrupt, fmt::format("bad manifest: {}", what)};
}

bool is_plain_text(std::string_view text) {
    return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

const Json& value_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        throw bad(fmt::format("no field '{}'", name));
    }
    return *found;
}

template <typename T>
T field(const Json& object, const char* name) {
    try {
        return value_of(object, name).get<T>();
    } catch (const Json::exception&) {
        throw bad(fmt::format("field '{}' is of the wrong type", name));
    }
}

template <typename T>
T field_or(const Json& object, const char* name, T otherwise) {
    return object.contains(name) ? field<T>(object, name) : otherwise;
}

/// A list with something in it: a package without tiles is a mistake, and would empty a layer.
const Json& list(const Json& object, const char* name) {
    const auto& value = value_of(object, name);
    if (!value.is_array() || value.empty()) {
        throw bad(fmt::format("'{}' is not a list with something in it", name));
    }
    return value;
}

std::pair<int, int> zooms(const Json& object, const Grid& grid) {
    const auto pair = field<std::vector<int>>(object, "zooms");
    if (pair.size() != 2 || pair[0] < 0 || pair[0] > pair[1] || pair[1] >= grid.levels()) {
        throw bad("'zooms' is not a pair of zooms of the grid");
    }
    return {pair[0], pair[1]};
}

Box box(const Json& object) {
    const auto edges = field<std::vector<double>>(object, "bounds");
    if (edges.size() != 4) {
        throw bad("'bounds' is not west, south, east, north");
    }
    const Box bounds{edges[0], edges[1], edges[2], edges[3]};
    if (bounds.is_empty() || bounds.min_x < -180 || bounds.max_x > 180 || bounds.min_y < -90 ||
        bounds.max_y > 90) {
        throw bad("'bounds' are not west, south, east, north in degrees");
    }
    return bounds;
}

Pyramids pyramids(const Json& object, const Grid& grid) {
    Pyramids parsed;
    std::tie(parsed.min_zoom, parsed.max_zoom) = zooms(object, grid);
    parsed.names = field<std::string>(object, "names");
    parsed.options.xcount = field_or<std::int64_t>(object, "xcount", 0);
    parsed.options.ycount = field_or<std::int64_t>(object, "ycount", 0);
    parsed.options.top = field_or<int>(object, "top", 0);
    if (parsed.options.top < 0 || parsed.options.top >= grid.levels()) {
        throw bad("'top' is not a zoom of the grid");
    }
    for (const auto& [key, format] :
         field_or<std::map<std::string, std::string>>(object, "formats", {})) {
        parsed.options.formats.emplace(key, format);
    }
    if (!is_contained_name(parsed.names)) {
        throw bad(fmt::format("names '{}' leave the package", parsed.names));
    }
    if (parsed.names.find("{dim") != std::string::npos ||
        parsed.names.find("{ext}") != std::string::npos) {
        throw bad(fmt::format("names '{}' say what no package has", parsed.names));
    }
    try {
        const PathTemplate checked{parsed.names, parsed.options};
    } catch (const Error& error) {
        throw bad(error.what());
    }
    return parsed;
}

PackageFile file(const Json& object, const Grid& grid) {
    PackageFile parsed;
    parsed.name = field<std::string>(object, "name");
    parsed.bytes = field<std::uint64_t>(object, "bytes");
    parsed.sha256 = field<std::string>(object, "sha256");
    parsed.tiles = field<std::int64_t>(object, "tiles");
    std::tie(parsed.min_zoom, parsed.max_zoom) = zooms(object, grid);
    return parsed;
}

std::vector<PackageFile> files(const Json& json, const Manifest& head) {
    const PackageFileCheck sane{head};
    std::vector<PackageFile> parsed;
    for (const auto& object : list(json, "files")) {
        parsed.push_back(file(object, *head.grid));
        sane.check(parsed.back());
    }
    const auto place = std::ranges::adjacent_find(
        parsed,
        [](const PackageFile& one, const PackageFile& next) { return one.name >= next.name; });
    if (place != parsed.end()) {
        throw bad(fmt::format("files are not sorted, or '{}' is there twice", place->name));
    }
    return parsed;
}

}  // namespace

Manifest head_from_value(const Json& json) {
    if (!json.is_object()) {
        throw bad("it is not an object");
    }
    if (const auto version = field<int>(json, "offgrid"); version != format_version) {
        throw Error{Errc::unsupported,
                    fmt::format("manifest has format version {}, this program reads {}", version,
                                format_version)};
    }
    Manifest manifest;
    manifest.layer = field<std::string>(json, "layer");
    if (!is_layer_name(manifest.layer)) {
        throw bad(fmt::format("'{}' cannot be the name of a layer", manifest.layer));
    }
    manifest.title = field_or<std::string>(json, "title", manifest.layer);
    manifest.attribution = field_or<std::string>(json, "attribution", "");
    manifest.grid = grid_from_value(value_of(json, "grid"));
    const auto format = field<std::string>(json, "format");
    manifest.format = format_named(format);
    if (!manifest.format && format != mixed) {
        throw bad(fmt::format("format '{}' is not known here", format));
    }
    std::tie(manifest.min_zoom, manifest.max_zoom) = zooms(json, *manifest.grid);
    manifest.bounds = box(json);
    for (const auto& object : list(json, "pyramids")) {
        manifest.pyramids.push_back(pyramids(object, *manifest.grid));
    }
    return manifest;
}

const Pyramids* Manifest::pyramids_of(int zoom) const {
    const auto found = std::ranges::find_if(pyramids, [&](const Pyramids& some) {
        return zoom >= some.min_zoom && zoom <= some.max_zoom;
    });
    return found == pyramids.end() ? nullptr : &*found;
}

nlohmann::ordered_json parse_shallow(std::string_view text, int levels) {
    const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
        if (depth > manifest_depth + levels) {
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

Manifest parse_manifest(std::string_view text) {
    const auto json = parse_shallow(text, 0);
    auto manifest = head_from_value(json);
    manifest.files = files(json, manifest);
    return manifest;
}

nlohmann::ordered_json head_to_value(const Manifest& manifest) {
    Json json;
    json["offgrid"] = format_version;
    json["layer"] = manifest.layer;
    json["title"] = manifest.title;
    json["attribution"] = manifest.attribution;
    json["grid"] = grid_to_value(*manifest.grid);
    json["format"] = manifest.format ? extension_of(*manifest.format) : mixed;
    json["zooms"] = {manifest.min_zoom, manifest.max_zoom};
    json["bounds"] = {manifest.bounds.min_x, manifest.bounds.min_y, manifest.bounds.max_x,
                      manifest.bounds.max_y};
    json["pyramids"] = Json::array();
    for (const auto& some : manifest.pyramids) {
        Json object{{"zooms", {some.min_zoom, some.max_zoom}}, {"names", some.names}};
        if (some.options.xcount > 0) {
            object["xcount"] = some.options.xcount;
        }
        if (some.options.ycount > 0) {
            object["ycount"] = some.options.ycount;
        }
        if (some.options.top > 0) {
            object["top"] = some.options.top;
        }
        for (const auto& [key, format] : some.options.formats) {
            object["formats"][key] = format;
        }
        json["pyramids"].push_back(std::move(object));
    }
    return json;
}

std::string to_json(const Manifest& manifest) {
    auto json = head_to_value(manifest);
    json["files"] = Json::array();
    for (const auto& some : manifest.files) {
        json["files"].push_back({{"name", some.name},
                                 {"bytes", some.bytes},
                                 {"sha256", some.sha256},
                                 {"zooms", {some.min_zoom, some.max_zoom}},
                                 {"tiles", some.tiles}});
    }
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_layer_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 && name != "." && name != ".." &&
           is_plain_text(name) && name.find_first_of("/\\") == std::string_view::npos;
}

bool is_contained_name(std::string_view name) {
    if (name.empty() || name.size() > 1024 || !is_plain_text(name) ||
        name.find('\\') != std::string_view::npos) {
        return false;
    }
    if (name.size() >= 2 && name[1] == ':' &&
        std::isalpha(static_cast<unsigned char>(name[0])) != 0) {
        return false;
    }
    while (true) {
        const auto part = name.substr(0, name.find('/'));
        if (part.empty() || part == "." || part == ".." || part.size() > max_name_part_bytes) {
            return false;
        }
        if (part.size() == name.size()) {
            return true;
        }
        name.remove_prefix(part.size() + 1);
    }
}

}  // namespace offgrid
