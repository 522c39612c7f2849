#include "formats/tile/srs_json.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/tile/srs.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <optional>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// The code in the last `ID["EPSG",2056]` or `AUTHORITY["EPSG","2056"]` of well-known text: it is
/// that of the system where nothing but brackets follows.
std::optional<std::string> srs_of_wkt(std::string_view wkt) {
    constexpr std::string_view newer = "ID[\"";
    constexpr std::string_view older = "AUTHORITY[\"";
    auto start = wkt.rfind(newer);
    start = start == std::string_view::npos ? wkt.rfind(older) : start;
    if (start == std::string_view::npos) {
        return std::nullopt;
    }
    start = wkt.find('"', start) + 1;
    const auto end = wkt.find('"', start);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const auto rest = wkt.substr(end + 1);
    const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
    const auto first = std::ranges::find_if(rest, is_digit);
    const auto last = std::find_if_not(first, rest.end(), is_digit);
    const bool is_last = std::all_of(last, rest.end(), [](char c) {
        return std::string_view{"]\" \r\n\t"}.find(c) != std::string_view::npos;
    });
    return is_last ? parse_srs(fmt::format("{}:{}", wkt.substr(start, end - start),
                                           std::string{first, last}))
                   : std::nullopt;
}

std::optional<std::string> srs_of_projjson(const Json& value) {
    const auto id = value.find("id");
    if (id == value.end() || !id->is_object()) {
        return std::nullopt;
    }
    const auto authority = id->find("authority");
    const auto code = id->find("code");
    if (authority == id->end() || code == id->end() || !authority->is_string() ||
        !(code->is_string() || code->is_number_unsigned())) {
        return std::nullopt;
    }
    return parse_srs(fmt::format("{}:{}", authority->get<std::string>(),
                                 code->is_string() ? code->get<std::string>() : code->dump()));
}

std::optional<std::string> srs_of_object(const Json& crs) {
    if (const auto uri = crs.find("uri"); uri != crs.end() && uri->is_string()) {
        return parse_srs(uri->get_ref<const std::string&>());
    }
    const auto wkt = crs.find("wkt");
    if (wkt == crs.end()) {
        return std::nullopt;
    }
    if (wkt->is_string()) {
        return srs_of_wkt(wkt->get_ref<const std::string&>());
    }
    return wkt->is_object() ? srs_of_projjson(*wkt) : std::nullopt;
}

/// What an axis is by its name: `e`, `n`, or `x` or `y`, which the reference system explains; 0 for
/// any other name.
char kind_of(const Json& axis) {
    const auto name = axis.is_string() ? lower_case(axis.get_ref<const std::string&>()) : "";
    if (name.starts_with("lon")) {
        return 'e';
    }
    if (name.starts_with("lat")) {
        return 'n';
    }
    return !name.empty() && std::string_view{"enxy"}.find(name[0]) != std::string_view::npos
               ? name[0]
               : '\0';
}

}  // namespace

std::string read_srs(const Json& crs) {
    if (!crs.is_string() && !crs.is_object()) {
        throw Error{Errc::corrupt, "tile matrix set: 'crs' is neither text nor object"};
    }
    const auto srs =
        crs.is_string() ? parse_srs(crs.get_ref<const std::string&>()) : srs_of_object(crs);
    if (!srs) {
        throw Error{Errc::unsupported, "tile matrix set: 'crs' has no authority and code"};
    }
    return *srs;
}

FirstAxis first_axis_of(std::string_view srs) {
    return northern_first_axis(srs) ? FirstAxis::north : FirstAxis::east;
}

FirstAxis first_axis_of(const Json& ordered_axes, std::string_view srs) {
    const bool is_pair = ordered_axes.is_array() && ordered_axes.size() == 2;
    std::string kinds =
        is_pair ? std::string{kind_of(ordered_axes[0]), kind_of(ordered_axes[1])} : std::string{};
    if (kinds == "xy" || kinds == "yx") {
        const bool is_x_north = northern_first_axis(srs) == NorthernAxis::x;
        kinds = (kinds == "xy") == is_x_north ? "ne" : "en";
    }
    if (kinds != "en" && kinds != "ne") {
        throw Error{Errc::corrupt,
                    "tile matrix set: 'orderedAxes' is not an axis to the east and one to the "
                    "north"};
    }
    return kinds == "ne" ? FirstAxis::north : FirstAxis::east;
}

}  // namespace offgrid
