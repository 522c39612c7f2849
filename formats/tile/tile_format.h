#pragma once

#include "formats/base/bytes.h"

#include <optional>
#include <string_view>

namespace offgrid {

/// How a tile is encoded.
enum class TileFormat { png, jpeg, webp, pbf };

/// The format that the first bytes show, or nothing. Vector tiles carry no signature: gzip counts
/// as `pbf`.
std::optional<TileFormat> sniff_format(BytesView tile);

/// The format that a file extension or a word of MBTiles metadata names (`jpg`, `jpeg`, `png`,
/// `webp`, `pbf`, `mvt`).
std::optional<TileFormat> format_named(std::string_view word);

/// The usual file extension, also the word of the MBTiles specification: `png`, `jpg`, `webp`,
/// `pbf`.
std::string_view extension_of(TileFormat format);

/// The registered media type, for example `image/jpeg`.
std::string_view media_type_of(TileFormat format);

/// Whether the bytes are a gzip stream (RFC 1952, section 2.3.1).
bool is_gzip(BytesView bytes);

}  // namespace offgrid
