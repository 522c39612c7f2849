#include "formats/http/tile_answer.h"

#include "formats/base/error.h"
#include "formats/http/headers.h"
#include "formats/http/http_time.h"
#include "formats/http/text.h"

namespace offgrid::http {
namespace {

bool is_image(TileFormat format) {
    return format != TileFormat::pbf;
}

/// Whether the slice holds images and nothing else. A RAW format may hold anything.
bool holds_images(const TilesetSlice& slice) {
    constexpr std::string_view mixed = "xxx";  // MapCache's extension of the format MIXED
    const auto named = format_named(slice.values.extension);
    return slice.info.format ? is_image(*slice.info.format)
                             : (named && is_image(*named)) || slice.values.extension == mixed;
}

}  // namespace

Tile tile_in(Answer answer, const TilesetSlice& slice) {
    if (answer.body.empty()) {
        throw Error{Errc::corrupt, "answered a tile without content"};
    }
    if (holds_images(slice) && !sniff_format(answer.body)) {
        const auto said = find_header(answer.headers, "Content-Type");
        throw Error{Errc::corrupt, fmt::format("answered {} where an image is expected",
                                               said.empty() ? "something else" : excerpt(said))};
    }
    const auto modified = parse_http_time(find_header(answer.headers, "Last-Modified"));
    return Tile{.content = std::move(answer.body), .modified = modified};
}

std::string_view media_type_of(BytesView content, const TilesetSlice& slice) {
    if (!slice.media_type.empty()) {
        return slice.media_type;
    }
    auto format = sniff_format(content);
    if (!format) {
        format = format_named(slice.values.extension);
    }
    return format ? offgrid::media_type_of(*format) : "application/octet-stream";
}

void check_storable(std::string_view cache, const TilesetSlice& slice, const TileKey& key,
                    BytesView content) {
    const auto* const why = !slice.info.grid->contains(key) ? "is outside the grid"
                            : content.empty()               ? "has no content"
                                                            : nullptr;
    if (why != nullptr) {
        throw Error{Errc::invalid_argument, fmt::format("cache '{}': the tile {}/{}/{} {}", cache,
                                                        key.z, key.x, key.y, why)};
    }
}

}  // namespace offgrid::http
