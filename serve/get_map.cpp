#include "serve/get_map.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "serve/srs_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace offgrid {
namespace {

std::string_view value_of(const Query& query, std::string_view name) {
    const auto* const value = query.find(name);
    return value == nullptr ? std::string_view{} : std::string_view{*value};
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto comma = std::min(text.find(','), text.size());
        parts.push_back(text.substr(0, comma));
        if (comma == text.size()) {
            return parts;
        }
        text.remove_prefix(comma + 1);
    }
}

/// Reads one request field by field, up to the first that is wrong.
class Reader {
public:
    Reader(const Query& query, const MapLimits& limits) : query_{query}, limits_{limits} {
        map_.version = wms_version(query);
    }

    std::variant<GetMap, WmsFailure> read() {
        for (const auto step :
             {&Reader::read_layers, &Reader::read_styles, &Reader::read_srs, &Reader::read_box,
              &Reader::read_size, &Reader::read_format, &Reader::read_background}) {
            if (auto failure = (this->*step)()) {
                return *std::move(failure);
            }
        }
        map_.is_tiled = is_true("tiled");
        return std::move(map_);
    }

    std::optional<GetMap> read_blank() {
        constexpr std::array<std::string_view, 4> words{
            "blank", "inimage", "application/vnd.ogc.se_blank", "application/vnd.ogc.se_inimage"};
        if (std::ranges::count(words, lower_case(value("exceptions"))) == 0 || read_size() ||
            read_format() || read_background()) {
            return std::nullopt;
        }
        return std::move(map_);
    }

private:
    using Failure = std::optional<WmsFailure>;

    std::string_view value(std::string_view name) const { return value_of(query_, name); }
    bool is_true(std::string_view name) const { return equals_ignoring_case(value(name), "true"); }

    static Failure bad(std::string_view code, std::string text) {
        return WmsFailure{.code = code, .text = std::move(text)};
    }
    static Failure bad(std::string text) { return WmsFailure{.text = std::move(text)}; }

    Failure read_layers() {
        const auto names = split(value("layers"));
        if (names.size() > limits_.max_layers) {
            return bad(fmt::format("LAYERS has {} layers; there may be {}", names.size(),
                                   limits_.max_layers));
        }
        for (const auto name : names) {
            if (name.empty()) {
                return bad("LayerNotDefined", "LAYERS is missing, or has a name that is empty");
            }
            map_.layers.emplace_back(name);
        }
        return std::nullopt;
    }

    Failure read_styles() {
        for (const auto style : split(value("styles"))) {
            if (!style.empty() && !equals_ignoring_case(style, "default")) {
                return bad("StyleNotDefined", "layers have one style, default");
            }
        }
        return std::nullopt;
    }

    Failure read_srs() {
        const bool is_1_3_0 = map_.version == WmsVersion::v1_3_0;
        map_.srs = value(is_1_3_0 ? "crs" : "srs");
        if (map_.srs.empty()) {
            return is_1_3_0 ? bad("InvalidCRS", "CRS is missing")
                            : bad("InvalidSRS", "SRS is missing");
        }
        return std::nullopt;
    }

    Failure read_box() {
        const auto parts = split(value("bbox"));
        std::array<double, 4> numbers{};
        bool is_box = parts.size() == numbers.size();
        for (std::size_t i = 0; is_box && i < numbers.size(); ++i) {
            const auto number = parse_number<double>(trimmed(parts[i]));
            is_box = number && std::isfinite(*number);
            numbers[i] = number.value_or(0);
        }
        if (!is_box) {
            return bad("BBOX is missing, or not four numbers with commas between them");
        }
        const auto [first, second, third, fourth] = numbers;
        const bool is_north_first =
            map_.version == WmsVersion::v1_3_0 && axis_order_of(map_.srs) == AxisOrder::north_first;
        map_.box =
            is_north_first ? Box{second, first, fourth, third} : Box{first, second, third, fourth};
        if (map_.box.is_empty()) {
            return bad("BBOX is empty: each minimum has to be less than the maximum");
        }
        if (!std::isfinite(map_.box.width()) || !std::isfinite(map_.box.height())) {
            return bad("BBOX is too large");
        }
        return std::nullopt;
    }

    Failure read_size() {
        for (const auto& [name, target] :
             {std::pair{"width", &map_.width}, {"height", &map_.height}}) {
            const auto number = parse_number<int>(value(name));
            if (!number || *number < 1 || *number > limits_.max_side) {
                return bad(fmt::format("WIDTH and HEIGHT have to be whole numbers from 1 to {}",
                                       limits_.max_side));
            }
            *target = *number;
        }
        return std::nullopt;
    }

    Failure read_format() {
        map_.is_transparent = is_true("transparent");
        constexpr std::array<std::pair<std::string_view, Encoding>, 7> formats{
            {{"image/png", Encoding::png},
             {"image/png8", Encoding::png8},
             {"image/png; mode=8bit", Encoding::png8},
             {"image/png; mode=24bit", Encoding::png},
             {"image/jpeg", Encoding::jpeg},
             {"image/jpg", Encoding::jpeg},
             {"image/webp", Encoding::webp}}};
        const auto wanted = value("format");
        const auto* const found = std::ranges::find_if(formats, [&](const auto& format) {
            return equals_ignoring_case(format.first, wanted);
        });
        if (found == formats.end()) {
            return bad("InvalidFormat",
                       "FORMAT has to be image/png, image/png8, image/jpeg or image/webp");
        }
        map_.encoding = found->second;
        return std::nullopt;
    }

    Failure read_background() {
        auto colour = value("bgcolor");
        if (colour.empty()) {
            return std::nullopt;
        }
        std::uint32_t number = 0;
        if (colour.starts_with("0x") || colour.starts_with("0X")) {
            colour.remove_prefix(2);
        }
        const auto [rest, failure] =
            std::from_chars(colour.data(), colour.data() + colour.size(), number, 16);
        if (colour.size() != 6 || failure != std::errc{} || rest != colour.data() + colour.size()) {
            return bad("BGCOLOR has to be 0xRRGGBB");
        }
        map_.background = {static_cast<std::uint8_t>(number >> 16),
                           static_cast<std::uint8_t>(number >> 8 & 0xFF),
                           static_cast<std::uint8_t>(number & 0xFF)};
        return std::nullopt;
    }

    const Query& query_;
    const MapLimits& limits_;
    GetMap map_;
};

}  // namespace

std::string_view media_type_of(Encoding encoding) {
    return media_type_of(tile_format_of(encoding).value_or(TileFormat::png));
}

WmsVersion wms_version(const Query& query) {
    const auto version = value_of(query, query.find("version") != nullptr ? "version" : "wmtver");
    if (version.empty()) {
        return query.find("srs") != nullptr ? WmsVersion::v1_1_1 : WmsVersion::v1_3_0;
    }
    return version < "1.3" ? WmsVersion::v1_1_1 : WmsVersion::v1_3_0;
}

std::optional<GetMap> blank_map(const Query& query, const MapLimits& limits) {
    return Reader{query, limits}.read_blank();
}

std::variant<GetMap, WmsFailure> parse_get_map(const Query& query, const MapLimits& limits) {
    return Reader{query, limits}.read();
}

}  // namespace offgrid
