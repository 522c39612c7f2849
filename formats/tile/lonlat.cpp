#include "formats/tile/lonlat.h"

#include <cmath>
#include <numbers>

namespace offgrid {
namespace {

constexpr double max_latitude = 85.05112877980659;  // where the square of Web Mercator ends
constexpr double degrees_per_radian = 180 / std::numbers::pi;

double latitude(double y) {
    return (2 * std::atan(std::exp(y / half_equator_m * std::numbers::pi)) - std::numbers::pi / 2) *
           degrees_per_radian;
}

double northing(double latitude_deg) {
    const double bounded = std::clamp(latitude_deg, -max_latitude, max_latitude);
    return std::log(std::tan((90 + bounded) / 2 / degrees_per_radian)) / std::numbers::pi *
           half_equator_m;
}

}  // namespace

std::optional<Box> to_lonlat(std::string_view srs, const Box& box) {
    if (srs == "EPSG:4326") {
        return box;
    }
    if (srs == "EPSG:3857") {
        return Box{box.min_x / half_equator_m * 180, latitude(box.min_y),
                   box.max_x / half_equator_m * 180, latitude(box.max_y)};
    }
    return std::nullopt;
}

std::optional<Box> from_lonlat(std::string_view srs, const Box& box) {
    if (srs == "EPSG:4326") {
        return box;
    }
    if (srs == "EPSG:3857") {
        return Box{box.min_x / 180 * half_equator_m, northing(box.min_y),
                   box.max_x / 180 * half_equator_m, northing(box.max_y)};
    }
    return std::nullopt;
}

}  // namespace offgrid
