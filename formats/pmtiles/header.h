#pragma once

#include "formats/base/bytes.h"
#include "formats/pmtiles/compression.h"
#include "formats/tile/tile_format.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace offgrid::pmtiles {

inline constexpr std::size_t header_bytes = 127;

/// Header and root directory have less (PMTiles v3, "Directory Hierarchy"), so that a client gets
/// both with one request.
inline constexpr std::size_t first_request_bytes = 16'384;

/// What a tile is, as the header numbers it. Other numbers are tiles that are not known here.
enum class TileType : std::uint8_t { unknown, mvt, png, jpeg, webp, avif };

TileType type_of(std::optional<TileFormat> format);

/// Nothing for what has no TileFormat.
std::optional<TileFormat> format_of(TileType type);

/// A part of the file.
struct Section {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const Section&, const Section&) = default;
};

/// A place on Earth in degrees times 10 000 000.
struct Position {
    std::int32_t longitude_e7 = 0;
    std::int32_t latitude_e7 = 0;

    friend bool operator==(const Position&, const Position&) = default;
};

/// The start of a PMTiles file. A value.
struct Header {
    Section root{};
    Section metadata{};
    Section leaves{};
    Section tiles{};
    std::uint64_t addressed_tiles = 0;  ///< runs counted by their tiles
    std::uint64_t tile_entries = 0;     ///< runs counted once
    std::uint64_t tile_contents = 0;    ///< that differ
    bool is_clustered = false;          ///< contents lie in the order of the ids
    Compression internal_compression = Compression::unknown;  ///< of directories and metadata
    Compression tile_compression = Compression::unknown;
    TileType tile_type = TileType::unknown;
    std::uint8_t min_zoom = 0;
    std::uint8_t max_zoom = 0;
    Position south_west{};
    Position north_east{};
    std::uint8_t center_zoom = 0;
    Position center{};

    friend bool operator==(const Header&, const Header&) = default;
};

/// Throws `corrupt` when it is no header, or one that points outside a file of that size,
/// `unsupported` for another version than 3.
Header parse_header(BytesView bytes, std::uint64_t file_bytes);

std::array<std::uint8_t, header_bytes> to_bytes(const Header& header);

}  // namespace offgrid::pmtiles
