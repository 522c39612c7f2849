#include "serve/srs_names.h"

#include "formats/base/text.h"
#include "formats/tile/srs.h"

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

constexpr std::string_view web_mercator = "EPSG:3857";
constexpr std::string_view wgs84 = "EPSG:4326";

/// As `AUTHORITY:CODE`, where it is known as such.
std::string in_capitals(std::string_view srs) {
    auto name = parse_srs(srs).value_or(std::string{srs});
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

bool is_longitude_first(std::string_view name) {
    return name == "OGC:CRS84" || name == "CRS:84";
}

/// One name for each system that has several; in upper case.
std::string one_name(std::string_view srs) {
    const auto name = in_capitals(srs);
    constexpr std::array<std::string_view, 4> mercators{"EPSG:900913", "EPSG:3785", "EPSG:102100",
                                                        "EPSG:102113"};
    if (std::ranges::count(mercators, name) > 0) {
        return std::string{web_mercator};
    }
    return is_longitude_first(name) ? std::string{wgs84} : name;
}

}  // namespace

bool is_in_srs(const Grid& grid, std::string_view srs) {
    const auto wanted = one_name(srs);
    return one_name(grid.srs()) == wanted ||
           std::ranges::any_of(grid.srs_aliases(),
                               [&](const std::string& alias) { return one_name(alias) == wanted; });
}

std::vector<std::string> srs_names(const Grid& grid) {
    std::vector<std::string> names;
    const auto add = [&](std::string_view name) {
        if (std::ranges::count(names, name) == 0) {
            names.emplace_back(name);
        }
    };
    const auto own = parse_srs(grid.srs());
    add(own == "OGC:CRS84" ? "CRS:84" : own.value_or(grid.srs()));
    std::ranges::for_each(grid.srs_aliases(), add);
    if (is_in_srs(grid, web_mercator)) {
        add(web_mercator);
        add("EPSG:900913");
    }
    if (is_in_srs(grid, wgs84)) {
        add(wgs84);
        add("CRS:84");
    }
    return names;
}

AxisOrder axis_order_of(std::string_view srs) {
    const auto name = in_capitals(srs);
    const bool is_north_first =
        !is_longitude_first(name) && northern_first_axis(one_name(name)).has_value();
    return is_north_first ? AxisOrder::north_first : AxisOrder::east_first;
}

std::string_view formula_of(const Grid& grid) {
    for (const auto name : {web_mercator, wgs84}) {
        if (is_in_srs(grid, name)) {
            return name;
        }
    }
    return grid.srs();
}

}  // namespace offgrid
