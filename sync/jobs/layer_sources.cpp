#include "sync/jobs/layer_sources.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/config/grid_location.h"
#include "formats/package/manifest.h"
#include "pack/job.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t max_file_bytes = 16 << 20;
constexpr int max_depth = 8;
constexpr int max_threads = 256;

/// The fields that are no members of a job; the first four stand for some.
constexpr std::array<std::string_view, 6> own_fields{"rasters", "min_zoom", "max_zoom",
                                                     "bounds",  "threads",  "as"};

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

void check_bounds(const Json& value) {
    const bool is_box =
        value.is_array() && value.size() == 4 && std::ranges::all_of(value, [](const Json& edge) {
            return edge.is_number() && std::isfinite(edge.get<double>());
        });
    const auto edge = [&](std::size_t index) { return value[index].get<double>(); };
    const Box box = is_box ? Box{edge(0), edge(1), edge(2), edge(3)} : Box{};
    if (!is_box || box.is_empty() || box.min_x < -180 || box.max_x > 180 || box.min_y < -90 ||
        box.max_y > 90) {
        throw bad("'bounds' is not [west, south, east, north] in degrees");
    }
}

void check_rasters(const Json& value) {
    if (!value.is_array() || value.empty() ||
        !std::ranges::all_of(value, [](const Json& name) { return name.is_string(); })) {
        throw bad("'rasters' is not a list of files with something in it");
    }
}

/// Give what a field says as the member that it stands for.
void stand_for(Json& job, const char* field, const char* member, const Json& value) {
    if (job.contains(member)) {
        throw bad(fmt::format("'{}' and '{}' say the same: leave one out", field, member));
    }
    job[member] = value;
}

void take_zooms(Json& job, const Json& object) {
    const auto min_zoom = whole_number(object, "min_zoom", 0, deepest_zoom);
    const auto max_zoom = whole_number(object, "max_zoom", 0, deepest_zoom);
    if (min_zoom && !max_zoom) {
        throw bad("'min_zoom' needs a 'max_zoom'");
    }
    if (max_zoom && *max_zoom < min_zoom.value_or(0)) {
        throw bad("'max_zoom' is less than 'min_zoom'");
    }
    if (max_zoom) {
        stand_for(job, "max_zoom", "zoom", Json::array({min_zoom.value_or(0), *max_zoom}));
    }
}

/// The entry as a job, in its members only.
Json job_of(const Json& object) {
    auto job = object;
    for (const auto field : own_fields) {
        job.erase(std::string{field});
    }
    if (object.contains("rasters")) {
        check_rasters(object["rasters"]);
        stand_for(job, "rasters", "sources", object["rasters"]);
    }
    if (!job.contains("sources")) {
        throw bad("'rasters' is not a list of files: it is missing");
    }
    if (object.contains("bounds")) {
        check_bounds(object["bounds"]);
        stand_for(job, "bounds", "bbox", object["bounds"]);
    }
    take_zooms(job, object);
    return job;
}

/// The name as the program is given it. What GDAL opens through a driver (`WMS:…`, `/vsizip/…`) is
/// taken as it is; anything else is a file.
std::string file_name(const std::string& name, const fs::path& folder) {
    if (name.empty() || name.starts_with('-')) {
        throw bad(fmt::format("there can be no file named '{}'", name));
    }
    return name.find(':') != std::string::npos ? name : (folder / name).lexically_normal().string();
}

/// Whether `config::find_grid` takes the grid from a file.
bool is_in_file(const std::string& grid) {
    return grid.ends_with(".json") || grid.find(".xml#") != std::string::npos;
}

void settle_names(PackOptions& pack, const fs::path& folder) {
    for (auto& source : pack.sources) {
        source = file_name(source, folder);
    }
    for (auto& region : pack.regions) {
        region.file = file_name(region.file, folder);
    }
    if (is_in_file(pack.grid)) {
        pack.grid = file_name(pack.grid, folder);
    }
}

GridRef grid_of(const PackOptions& pack) {
    if (pack.grid.empty()) {
        return &Grid::google_maps_compatible();
    }
    try {
        return config::find_grid(pack.grid);
    } catch (const Error& error) {
        throw bad(fmt::format("'grid': {}", error.what()));
    }
}

std::vector<std::string> known_fields() {
    std::vector<std::string> known{own_fields.begin(), own_fields.end()};
    for (const auto& member : job_members()) {
        if (member != "layer") {  // that is the name of the entry
            known.push_back(member);
        }
    }
    return known;
}

LayerSource layer_source(const Json& object, const fs::path& folder) {
    if (!object.is_object()) {
        throw bad("it is not an object");
    }
    check_fields(object, known_fields());
    if (object.contains("as") && object["as"] != "ztop") {
        throw bad("'as' is not ztop, which is all there is");
    }
    LayerSource source{.pack = parse_job(job_of(object).dump())};
    auto& pack = source.pack;
    pack.threads = whole_number(object, "threads", 1, max_threads);
    settle_names(pack, folder);
    check(pack);
    if (pack.top && pack.zooms && *pack.top > pack.zooms->second) {
        throw bad("'top' is deeper than 'max_zoom'");
    }
    source.grid = grid_of(pack);
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
