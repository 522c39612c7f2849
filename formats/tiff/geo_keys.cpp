#include "formats/tiff/geo_keys.h"

#include "formats/base/parse_number.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace offgrid::tiff {
namespace {

// Keys of OGC 19-008r4, section 7.5, and the values used here.
constexpr std::uint16_t model_type = 1024;
constexpr std::uint16_t raster_type = 1025;
constexpr std::uint16_t citation = 1026;
constexpr std::uint16_t geodetic_crs = 2048;
constexpr std::uint16_t geodetic_citation = 2049;
constexpr std::uint16_t angular_units = 2054;
constexpr std::uint16_t projected_crs = 3072;
constexpr std::uint16_t linear_units = 3076;

constexpr std::uint16_t projected_model = 1;
constexpr std::uint16_t geographic_model = 2;
constexpr std::uint16_t user_defined = 32767;
constexpr std::uint16_t pixel_is_area = 1;
constexpr std::uint16_t degree = 9102;
constexpr std::uint16_t metre = 9001;
constexpr std::uint16_t foot = 9002;

constexpr std::uint16_t ascii_params = 34737;

constexpr std::uint16_t web_mercator = 3857;
constexpr std::array<std::uint32_t, 6> other_web_mercators{900913, 3785,   41001,
                                                           54004,  102100, 102113};

bool is_equal_without_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](unsigned char one, unsigned char other) {
        return std::tolower(one) == std::tolower(other);
    });
}

}  // namespace

std::optional<std::uint16_t> epsg_code(std::string_view srs) {
    if (is_equal_without_case(srs, "CRS:84") || is_equal_without_case(srs, "OGC:CRS84")) {
        return 4326;
    }
    const auto colon = srs.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    // `EPSG:n`, or `urn:ogc:def:crs:EPSG:VERSION:n`
    const auto authority = srs.substr(0, colon);
    const bool is_epsg = is_equal_without_case(authority, "EPSG") ||
                         is_equal_without_case(authority.substr(0, 21), "urn:ogc:def:crs:EPSG:");
    const auto code = parse_number<std::uint32_t>(srs.substr(colon + 1));
    if (!is_epsg || !code) {
        return std::nullopt;
    }
    if (std::ranges::find(other_web_mercators, *code) != other_web_mercators.end()) {
        return web_mercator;
    }
    // The range that the keys leave to EPSG.
    return *code >= 1024 && *code < user_defined ? std::optional{static_cast<std::uint16_t>(*code)}
                                                 : std::nullopt;
}

GeoKeys geo_keys_of(const Grid& grid) {
    auto code = epsg_code(grid.srs());
    for (const auto& alias : grid.srs_aliases()) {
        code = code ? code : epsg_code(alias);
    }
    const bool is_geographic = grid.unit() == Grid::Unit::degree;
    GeoKeys keys;
    keys.directory = {1, 1, 0, 0};  // version 1, revision 1.0, count of keys
    const auto add = [&](std::uint16_t key, std::uint16_t value) {
        keys.directory.insert(keys.directory.end(), {key, 0, 1, value});
        ++keys.directory[3];
    };
    add(model_type, code            ? is_geographic ? geographic_model : projected_model
                    : is_geographic ? geographic_model
                                    : user_defined);
    add(raster_type, pixel_is_area);
    const auto add_name = [&](std::uint16_t key) {
        keys.texts = grid.srs().substr(0, 1000) + '|';
        keys.directory.insert(
            keys.directory.end(),
            {key, ascii_params, static_cast<std::uint16_t>(keys.texts.size()), 0});
        ++keys.directory[3];
    };
    // Keys stand in ascending order.
    if (is_geographic) {
        add(geodetic_crs, code.value_or(user_defined));
        if (!code) {
            add_name(geodetic_citation);
        }
        add(angular_units, degree);
        return keys;
    }
    if (code) {
        add(projected_crs, *code);
    } else {
        add_name(citation);
    }
    add(linear_units, grid.unit() == Grid::Unit::foot ? foot : metre);
    return keys;
}

}  // namespace offgrid::tiff
