#include "pack/band_options.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace offgrid {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t end = 0; end != std::string_view::npos;) {
        end = text.find(separator);
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end == std::string_view::npos ? end : end + 1));
    }
    return parts;
}

[[noreturn]] void refuse(const std::string& option, const std::string& rule) {
    throw Error{Errc::invalid_argument, fmt::format("{}: {}", option, rule)};
}

void check_bands(const std::vector<int>& bands, const std::string& option) {
    const bool is_count_sound =
        bands.empty() || bands.size() == 1 || bands.size() == 3 || bands.size() == 4;
    if (!is_count_sound || std::ranges::any_of(bands, [](int band) { return band < 1; })) {
        refuse(option,
               "must be one band, as grey, three, as red, green and blue, or four, of which the "
               "last is alpha; the first band is 1");
    }
}

void check_ranges(const std::vector<ValueRange>& ranges, const std::string& option) {
    const bool is_sound = std::ranges::all_of(ranges, [](const ValueRange& range) {
        return std::isfinite(range.low) && std::isfinite(range.high) && range.low < range.high;
    });
    if (!is_sound || (ranges.size() != 1 && ranges.size() != 3)) {
        refuse(option,
               "must be auto, none, MIN,MAX or MIN,MAX:MIN,MAX:MIN,MAX, each MIN less than its "
               "MAX");
    }
}

void check_nodata(const std::vector<double>& nodata, const std::string& option) {
    if (nodata.size() == 2 || nodata.size() > 3) {
        refuse(option, "must be none, one value, or one for red, green and blue each");
    }
}

}  // namespace

std::vector<int> parse_bands(const std::string& text) {
    std::vector<int> bands;
    for (const auto part : split(text, ',')) {
        bands.push_back(parse_number<int>(part).value_or(0));
    }
    check_bands(bands, "--bands " + text);
    return bands;
}

Stretch parse_stretch(const std::string& text) {
    if (text == "none") {
        return {.kind = Stretch::Kind::none};
    }
    if (text == "auto") {
        return {.kind = Stretch::Kind::automatic};
    }
    Stretch stretch{.kind = Stretch::Kind::given};
    for (const auto part : split(text, ':')) {
        const auto edges = split(part, ',');
        const auto low = parse_number<double>(edges.front());
        const auto high = parse_number<double>(edges.back());
        stretch.ranges.push_back(edges.size() == 2 && low && high ? ValueRange{*low, *high}
                                                                  : ValueRange{0, 0});
    }
    check_ranges(stretch.ranges, "--stretch " + text);
    return stretch;
}

std::vector<double> parse_nodata(const std::string& text) {
    std::vector<double> nodata;
    if (text == "none") {
        return nodata;
    }
    for (const auto part : split(text, ',')) {
        const auto value = parse_number<double>(part);
        if (!value) {
            refuse("--nodata " + text, fmt::format("'{}' is no number", part));
        }
        nodata.push_back(*value);
    }
    check_nodata(nodata, "--nodata " + text);
    return nodata;
}

void check(const BandOptions& options) {
    check_bands(options.bands, "--bands");
    if (options.stretch.kind == Stretch::Kind::given) {
        check_ranges(options.stretch.ranges, "--stretch");
    }
    if (options.nodata) {
        check_nodata(*options.nodata, "--nodata");
    }
}

std::string to_text(const Stretch& stretch) {
    if (stretch.kind != Stretch::Kind::given) {
        return stretch.kind == Stretch::Kind::none ? "none" : "auto";
    }
    std::string text;
    for (const auto& range : stretch.ranges) {
        text += fmt::format("{}{},{}", text.empty() ? "" : ":", range.low, range.high);
    }
    return text;
}

std::string nodata_text(const std::vector<double>& nodata) {
    return nodata.empty() ? "none" : fmt::format("{}", fmt::join(nodata, ","));
}

}  // namespace offgrid
