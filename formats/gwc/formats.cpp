#include "formats/gwc/formats.h"

#include <algorithm>
#include <array>

namespace offgrid::gwc {
namespace {

struct Known {
    std::string_view name{};
    std::string_view extension{};
    std::string_view media_type{};
    std::optional<TileFormat> format{};
    bool is_vector = false;
};

// clang-format off
constexpr std::array<Known, 15> formats{{
    {"image/png",         "png",       "image/png",  TileFormat::png},
    {"image/png8",        "png8",      "image/png",  TileFormat::png},
    {"image/png24",       "png24",     "image/png",  TileFormat::png},
    {"image/png; mode=24bit", "png24", "image/png",  TileFormat::png},
    {"image/jpeg",        "jpeg",      "image/jpeg", TileFormat::jpeg},
    {"image/gif",         "gif",       "image/gif",  {}},
    {"image/tiff",        "tiff",      "image/tiff", {}},
    {"image/webp",        "webp",      "image/webp", TileFormat::webp},
    {"image/vnd.jpeg-png",  "jpeg-png",  "image/vnd.jpeg-png", {}},
    {"image/vnd.jpeg-png8", "jpeg-png8", "image/vnd.jpeg-png", {}},
    {"application/vnd.mapbox-vector-tile",     "pbf",     "application/vnd.mapbox-vector-tile", TileFormat::pbf, true},
    {"application/x-protobuf;type=mapbox-vector", "pbf",  "application/vnd.mapbox-vector-tile", TileFormat::pbf, true},
    {"application/json;type=geojson",  "geojson",  "application/json", {}, true},
    {"application/json;type=topojson", "topojson", "application/json", {}, true},
    {"application/json;type=utfgrid",  "utfgrid",  "application/json", {}, true},
}};
// clang-format on

const Known* find(std::string_view format) {
    const auto* const found = std::ranges::find(formats, format, &Known::name);
    return found == formats.end() ? nullptr : found;
}

}  // namespace

std::optional<TileFormat> tile_format_of(std::string_view format) {
    const auto* const known = find(format);
    return known == nullptr ? std::nullopt : known->format;
}

std::string extension_of_format(std::string_view format) {
    const auto* const known = find(format);
    return std::string{known != nullptr ? known->extension : format.substr(format.rfind('/') + 1)};
}

std::string format_of_extension(std::string_view extension) {
    const auto* const known =
        std::ranges::find(formats, extension == "jpg" ? "jpeg" : extension, &Known::extension);
    return known != formats.end() ? std::string{known->name} : "image/" + std::string{extension};
}

std::string media_type_of_format(std::string_view format) {
    const auto* const known = find(format);
    return std::string{known != nullptr ? known->media_type : format.substr(0, format.find(';'))};
}

bool is_vector_format(std::string_view format) {
    const auto* const known = find(format);
    return known != nullptr && known->is_vector;
}

}  // namespace offgrid::gwc
