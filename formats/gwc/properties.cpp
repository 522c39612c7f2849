#include "formats/gwc/properties.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "formats/gwc/formats.h"
#include "formats/tile/tile_format.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file_bytes = std::uint64_t{1} << 20;
constexpr std::string_view white_space = " \t\f";

/// The next logical line, comments and empty lines left out: natural lines that end in a backslash
/// go on in the next. Nothing at the end.
std::optional<std::string> next_line(std::string_view& rest) {
    std::string line;
    bool is_continued = false;
    while (!rest.empty()) {
        const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
        auto natural = rest.substr(0, end);
        const bool ends_in_two = rest.substr(end, 2) == "\r\n";
        rest.remove_prefix(std::min(end + (ends_in_two ? 2 : 1), rest.size()));
        natural.remove_prefix(std::min(natural.find_first_not_of(white_space), natural.size()));
        if (!is_continued &&
            (natural.empty() || natural.front() == '#' || natural.front() == '!')) {
            continue;
        }
        const auto last_other = natural.find_last_not_of('\\');
        const auto slashes =
            natural.size() - (last_other == std::string_view::npos ? 0 : last_other + 1);
        is_continued = slashes % 2 == 1;
        line += natural.substr(0, natural.size() - (is_continued ? 1 : 0));
        if (!is_continued) {
            return line;
        }
    }
    return line.empty() ? std::nullopt : std::optional{line};
}

void append_utf8(std::string& text, std::uint32_t code) {
    if (code < 0x80) {
        text += static_cast<char>(code);
    } else if (code < 0x800) {
        text += static_cast<char>(0xC0 | (code >> 6));
        text += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        text += static_cast<char>(0xE0 | (code >> 12));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        text += static_cast<char>(0xF0 | (code >> 18));
        text += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (code & 0x3F));
    }
}

std::uint32_t code_unit_at(std::string_view text, std::size_t at) {
    std::uint32_t unit = 0;
    const auto digits = text.substr(std::min(at, text.size()), 4);
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() != 4 || failure != std::errc{} || end != digits.data() + 4) {
        throw Error{Errc::invalid_argument, fmt::format("'\\u{}' is no character", digits)};
    }
    return unit;
}

std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            plain += text[i];
            continue;
        }
        const char c = text[++i];
        if (c != 'u') {
            plain += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
            continue;
        }
        auto code = code_unit_at(text, i + 1);
        i += 4;
        const bool is_high = code >= 0xD800 && code < 0xDC00;
        if (is_high && text.substr(i + 1, 2) == "\\u") {
            const auto low = code_unit_at(text, i + 3);
            if (low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                i += 6;
            }
        }
        const bool is_surrogate = code >= 0xD800 && code < 0xE000;
        append_utf8(plain, is_surrogate ? 0xFFFD : code);
    }
    return plain;
}

/// Where the name of a line ends: at the first separator that is not escaped.
std::size_t end_of_name(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\') {
            ++i;
        } else if (line[i] == '=' || line[i] == ':' ||
                   white_space.find(line[i]) != std::string_view::npos) {
            return i;
        }
    }
    return line.size();
}

void skip_white_space(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
}

Box parse_bounds(std::string_view text) {
    std::array<double, 4> edges{};
    auto rest = text;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto comma = rest.find(',');
        const auto number = parse_number<double>(trimmed(rest.substr(0, comma)));
        if (!number || !std::isfinite(*number) || (comma == std::string_view::npos) != (i == 3)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("bounds '{}' are not minx,miny,maxx,maxy", text)};
        }
        edges[i] = *number;
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return {edges[0], edges[1], edges[2], edges[3]};
}

LayerProperties::Type parse_type(std::string_view text) {
    if (equals_ignoring_case(text, "overlay")) {
        return LayerProperties::Type::overlay;
    }
    if (equals_ignoring_case(text, "baselayer") || equals_ignoring_case(text, "base_layer")) {
        return LayerProperties::Type::base_layer;
    }
    throw Error{Errc::invalid_argument,
                fmt::format("type '{}' is none of overlay, baselayer", text)};
}

/// As Java prints it: a whole number has a decimal too.
std::string shown(double number) {
    auto text = fmt::format("{}", number);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string format_word(std::string_view format, MetadataForm form) {
    const auto contains = [&](std::string_view word) {
        return format.find(word) != std::string_view::npos;
    };
    if (form == MetadataForm::spec) {
        const auto known = tile_format_of(format);
        return known ? std::string{extension_of(*known)} : std::string{};
    }
    return contains("png") ? "png" : contains("jpeg") ? "jpeg" : contains("protobuf") ? "pbf" : "";
}

}  // namespace

std::map<std::string, std::string> parse_properties(std::string_view text) {
    std::map<std::string, std::string> properties;
    while (const auto line = next_line(text)) {
        std::string_view rest = *line;
        const auto name = rest.substr(0, end_of_name(rest));
        rest.remove_prefix(name.size());
        skip_white_space(rest);
        if (!rest.empty() && (rest.front() == '=' || rest.front() == ':')) {
            rest.remove_prefix(1);
            skip_white_space(rest);
        }
        properties[unescaped(name)] = unescaped(rest);
    }
    return properties;
}

LayerProperties parse_layer_properties(std::string_view text) {
    const auto properties = parse_properties(text);
    const auto value_of = [&](const char* name) -> std::optional<std::string> {
        const auto found = properties.find(name);
        return found == properties.end() ? std::nullopt : std::optional{found->second};
    };
    LayerProperties layer{.attribution = value_of("attribution"),
                          .description = value_of("description"),
                          .version = value_of("version")};
    if (const auto type = value_of("type")) {
        layer.type = parse_type(trimmed(*type));
    }
    if (const auto bounds = value_of("bounds")) {
        layer.bounds = parse_bounds(*bounds);
    }
    for (const auto* name : {"minZoom", "maxZoom"}) {
        if (const auto zoom = value_of(name); zoom && !parse_number<int>(trimmed(*zoom))) {
            throw Error{Errc::invalid_argument,
                        fmt::format("{} '{}' is no whole number", name, *zoom)};
        }
    }
    return layer;
}

std::map<std::string, LayerProperties> load_layer_properties(
    const fs::path& folder, const std::function<void(const std::string& message)>& warn) {
    std::map<std::string, LayerProperties> layers;
    std::error_code failure;
    if (folder.empty() || !fs::is_directory(folder, failure)) {
        return layers;
    }
    for (const auto* extension : {".properties", ".metadata"}) {
        for (fs::directory_iterator entry{folder, failure};
             !failure && entry != fs::directory_iterator{}; entry.increment(failure)) {
            const auto& path = entry->path();
            if (path.extension() != extension || layers.contains(path.stem().string())) {
                continue;
            }
            try {
                const auto content = read_file(path, max_file_bytes);
                layers[path.stem().string()] = parse_layer_properties(as_text(content));
            } catch (const Error& error) {
                warn(fmt::format("{} is not used: {}", path.string(), error.what()));
            }
        }
    }
    if (failure) {
        throw system_error(failure.value(),
                           fmt::format("cannot list the folder {}", folder.string()));
    }
    return layers;
}

std::vector<std::pair<std::string, std::string>> metadata_rows(const std::string& layer,
                                                               std::string_view format,
                                                               const LayerProperties& properties,
                                                               MetadataForm form) {
    std::vector<std::pair<std::string, std::string>> rows{{"name", layer}};
    const auto add = [&](const char* name, const std::optional<std::string>& value) {
        if (value && !value->empty()) {
            rows.emplace_back(name, *value);
        }
    };
    add("format", format_word(format, form));
    add("version", properties.version);
    add("description", properties.description);
    add("attribution", properties.attribution);
    if (properties.type) {
        const bool is_overlay = *properties.type == LayerProperties::Type::overlay;
        add("type", is_overlay                   ? "overlay"
                    : form == MetadataForm::spec ? "baselayer"
                                                 : "base_layer");
    }
    if (const auto& box = properties.bounds) {
        add("bounds", fmt::format("{},{},{},{}", shown(box->min_x), shown(box->min_y),
                                  shown(box->max_x), shown(box->max_y)));
    }
    if (form == MetadataForm::geowebcache) {
        add("json", "null");
    }
    return rows;
}

}  // namespace offgrid::gwc
