#include "serve/files_handler.h"

#include "formats/base/parse_number.h"
#include "serve/etag.h"
#include "serve/layer_description.h"
#include "serve/package_files.h"
#include "serve/query.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t default_limit = 500;
constexpr std::size_t max_limit = 5000;

std::optional<Box> parse_box(std::string_view text) {
    std::array<double, 4> edges{};
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto comma = text.find(',');
        const auto edge = parse_number<double>(text.substr(0, comma));
        const bool is_last = i + 1 == edges.size();
        if (!edge || !std::isfinite(*edge) || (comma == std::string_view::npos) != is_last) {
            return std::nullopt;
        }
        edges[i] = *edge;
        text.remove_prefix(is_last ? text.size() : comma + 1);
    }
    const Box box{edges[0], edges[1], edges[2], edges[3]};
    return box.is_empty() ? std::nullopt : std::optional{box};
}

Json entry(const std::string& name, std::uint64_t bytes, int min_zoom, int max_zoom,
           const Box& box) {
    return {{"name", name},
            {"bytes", bytes},
            {"zooms", {min_zoom, max_zoom}},
            {"box", {box.min_x, box.min_y, box.max_x, box.max_y}}};
}

bool is_wanted(const std::optional<Box>& wanted, const Box& box) {
    return !wanted || !intersection(*wanted, box).is_empty();
}

/// The one file that the layer was opened from; what else it can come from is no tile file.
Json single_file(const Layer& layer, const std::optional<Box>& wanted) {
    auto files = Json::array();
    const std::filesystem::path path{layer.origin};
    std::error_code failure;
    const auto box = bounds_in_grid(layer);
    if (path.extension() == ".xml" || !std::filesystem::is_regular_file(path, failure) ||
        !is_wanted(wanted, box)) {
        return files;
    }
    const auto bytes = std::filesystem::file_size(path, failure);
    const auto described = describe(layer);
    if (!failure) {
        files.push_back(
            entry(path.filename().string(), bytes, described.min_zoom, described.max_zoom, box));
    }
    return files;
}

}  // namespace

Response answer_files(const Layer& layer, const Request& request) {
    const Query query{request};
    const auto* const box = query.find("box");
    const auto wanted = box == nullptr ? std::nullopt : parse_box(*box);
    if (box != nullptr && !wanted) {
        return text_response(400, "'box' is min_x,min_y,max_x,max_y in the units of the grid");
    }
    const auto* const text = query.find("limit");
    const auto limit =
        text == nullptr ? std::optional{default_limit} : parse_number<std::size_t>(*text);
    if (!limit || *limit == 0 || *limit > max_limit) {
        return text_response(400, "'limit' is a number from 1 to 5000");
    }
    auto files = Json::array();
    bool more = false;
    if (!layer.package) {
        files = single_file(layer, wanted);
    } else {
        visit_placed_files(*layer.package, [&](const PlacedFile& placed) {
            if (!is_wanted(wanted, placed.box)) {
                return true;
            }
            more = files.size() == *limit;
            if (!more) {
                files.push_back(entry(placed.file->name, placed.file->bytes, placed.file->min_zoom,
                                      placed.file->max_zoom, placed.box));
            }
            return !more;
        });
    }
    const Json json{{"files", std::move(files)}, {"more", more}};
    const auto body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return with_etag({.status = 200,
                      .headers = {{"Content-Type", "application/json"}},
                      .body = Bytes{body.begin(), body.end()}},
                     request);
}

}  // namespace offgrid
