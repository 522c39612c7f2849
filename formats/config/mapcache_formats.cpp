#include "formats/config/mapcache_formats.h"

#include "formats/base/text.h"

namespace offgrid::config {
namespace {

/// The extension of tiles that are sometimes PNG and sometimes JPEG, as MapCache has it.
constexpr const char* mixed_extension = "xxx";

Format png(std::string name, Format::Type type) {
    return {.name = std::move(name), .type = type, .extension = "png", .media_type = "image/png"};
}

Format jpeg(std::string name, int quality) {
    return {.name = std::move(name),
            .type = Format::Type::jpeg,
            .extension = "jpg",
            .media_type = "image/jpeg",
            .quality = quality};
}

Format parse_png(const XmlElement& element, Notes& notes) {
    notes.check_children(element, {"colors"},
                         {{"compression", "tiles are not encoded by a format"}});
    const auto colours = element.child("colors");
    if (colours) {
        colours->number<int>(2, 256);
    }
    return png(element.name(), colours ? Format::Type::png8 : Format::Type::png);
}

Format parse_jpeg(const XmlElement& element, Notes& notes) {
    notes.check_children(element, {"quality", "photometric"},
                         {{"optimize", "tiles are not encoded by a format"}});
    auto format = jpeg(element.name(), element.child_number<int>("quality", 95, 1, 100));
    const auto photometric = element.child_text("photometric");
    if (equals_ignoring_case(photometric, "RGB")) {
        format.photometric = Photometric::rgb;
    } else if (!photometric.empty() && !equals_ignoring_case(photometric, "YCBCR")) {
        element.child("photometric")->fail(fmt::format("'{}' is none of RGB, YCBCR", photometric));
    }
    return format;
}

Format parse_mixed(const XmlElement& element, Declarations& declarations) {
    declarations.notes.check_children(element, {"transparent", "opaque"},
                                      {{"alpha_cutoff", "tiles are not encoded by a format"}});
    for (const auto* const part : {"transparent", "opaque"}) {
        const auto name = element.required_text(part);
        require_format(*element.child(part), name, declarations);
    }
    return {.name = element.name(), .type = Format::Type::mixed, .extension = mixed_extension};
}

Format parse_raw(const XmlElement& element, Notes& notes) {
    notes.check_children(element, {"extension", "mime_type"});
    return {.name = element.name(),
            .type = Format::Type::raw,
            .extension = element.required_text("extension"),
            .media_type = element.child_text("mime_type")};
}

Format parse_by_type(const XmlElement& element, Declarations& declarations) {
    const auto type = element.required_attribute("type");
    if (type == "PNG") {  // MapCache: PNG and JPEG in these letters only
        return parse_png(element, declarations.notes);
    }
    if (type == "JPEG") {
        return parse_jpeg(element, declarations.notes);
    }
    if (equals_ignoring_case(type, "MIXED")) {
        return parse_mixed(element, declarations);
    }
    if (equals_ignoring_case(type, "RAW")) {
        return parse_raw(element, declarations.notes);
    }
    element.fail(fmt::format("type '{}' is none of PNG, JPEG, MIXED, RAW", type));
}

}  // namespace

std::optional<Encoding> encoding_of(const Format& format) {
    switch (format.type) {
        case Format::Type::png:
            return Encoding::png;
        case Format::Type::png8:
            return Encoding::png8;
        case Format::Type::jpeg:
            return Encoding::jpeg;
        case Format::Type::mixed:
            return Encoding::mixed;
        case Format::Type::raw:
            break;
    }
    switch (format_named(format.extension).value_or(TileFormat::pbf)) {
        case TileFormat::png:
            return Encoding::png;
        case TileFormat::jpeg:
            return Encoding::jpeg;
        case TileFormat::webp:
            return Encoding::webp;
        case TileFormat::pbf:
            break;
    }
    return std::nullopt;
}

std::map<std::string, Format, std::less<>> built_in_formats() {
    return {
        {"PNG", png("PNG", Format::Type::png)},
        {"PNG8", png("PNG8", Format::Type::png8)},
        {"JPEG", jpeg("JPEG", 90)},
        {"mixed", {.name = "mixed", .type = Format::Type::mixed, .extension = mixed_extension}}};
}

const Format& require_format(const XmlElement& element, const std::string& name,
                             const Declarations& declarations) {
    const auto found = declarations.formats.find(name);
    if (found == declarations.formats.end()) {
        std::string names;
        for (const auto& [known, format] : declarations.formats) {
            names += (names.empty() ? "" : ", ") + known;
        }
        element.fail(fmt::format("no format '{}'; there are: {}", name, names));
    }
    return found->second;
}

void parse_format(const XmlElement& element, Declarations& declarations) {
    const auto name = element.required_attribute("name");
    declarations.notes.check_attributes(element, {"name", "type"});
    declarations.formats.insert_or_assign(name, parse_by_type(element, declarations));
}

}  // namespace offgrid::config
