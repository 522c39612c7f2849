#include "formats/tile/tile_format.h"

namespace offgrid {

std::optional<TileFormat> sniff_format(BytesView tile) {
    const auto text = as_text(tile);
    if (text.starts_with("\x89PNG\r\n\x1a\n")) {
        return TileFormat::png;
    }
    if (text.starts_with("\xFF\xD8\xFF")) {
        return TileFormat::jpeg;
    }
    if (text.starts_with("RIFF") && text.size() >= 12 && text.substr(8, 4) == "WEBP") {
        return TileFormat::webp;
    }
    if (is_gzip(tile)) {
        return TileFormat::pbf;
    }
    return std::nullopt;
}

std::optional<TileFormat> format_named(std::string_view word) {
    if (word == "png") {
        return TileFormat::png;
    }
    if (word == "jpg" || word == "jpeg") {
        return TileFormat::jpeg;
    }
    if (word == "webp") {
        return TileFormat::webp;
    }
    if (word == "pbf" || word == "mvt") {
        return TileFormat::pbf;
    }
    return std::nullopt;
}

std::string_view extension_of(TileFormat format) {
    switch (format) {
        case TileFormat::png:
            return "png";
        case TileFormat::jpeg:
            return "jpg";
        case TileFormat::webp:
            return "webp";
        case TileFormat::pbf:
            return "pbf";
    }
    return "";
}

std::string_view media_type_of(TileFormat format) {
    switch (format) {
        case TileFormat::png:
            return "image/png";
        case TileFormat::jpeg:
            return "image/jpeg";
        case TileFormat::webp:
            return "image/webp";
        case TileFormat::pbf:
            return "application/vnd.mapbox-vector-tile";
    }
    return "application/octet-stream";
}

bool is_gzip(BytesView bytes) {
    return bytes.size() >= 3 && bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8;
}

}  // namespace offgrid
