#include "formats/pmtiles/header.h"

#include "formats/base/error.h"
#include "formats/pmtiles/hilbert.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace offgrid::pmtiles {
namespace {

constexpr std::string_view magic = "PMTiles";
constexpr std::uint8_t version = 3;

/// Takes the fields of a header one after the other, little-endian.
class FieldReader {
public:
    explicit FieldReader(BytesView rest) : rest_{rest} {}

    template <typename Number>
    Number next() {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(Number); ++i) {
            value |= std::uint64_t{rest_[i]} << (8 * i);
        }
        rest_ = rest_.subspan(sizeof(Number));
        return static_cast<Number>(value);
    }

    Section section() {
        const auto offset = next<std::uint64_t>();
        return {offset, next<std::uint64_t>()};
    }

    Position position() {
        const auto longitude = next<std::int32_t>();
        return {longitude, next<std::int32_t>()};
    }

private:
    BytesView rest_;
};

class FieldWriter {
public:
    explicit FieldWriter(std::uint8_t* next) : next_{next} {}

    template <typename Number>
    void add(Number number) {
        const auto value = static_cast<std::uint64_t>(number);
        for (std::size_t i = 0; i < sizeof(Number); ++i) {
            *next_++ = static_cast<std::uint8_t>(value >> (8 * i));
        }
    }
    void add(const Section& section) {
        add(section.offset);
        add(section.length);
    }
    void add(const Position& position) {
        add(position.longitude_e7);
        add(position.latitude_e7);
    }

private:
    std::uint8_t* next_;
};

void check_magic(BytesView bytes) {
    const auto text = as_text(bytes);
    if (bytes.size() < header_bytes || !text.starts_with(magic)) {
        throw Error{Errc::corrupt, "is no PMTiles file"};
    }
    if (bytes[magic.size()] != version) {
        throw Error{Errc::unsupported,
                    fmt::format("is PMTiles version {}; only version {} can be read",
                                bytes[magic.size()], version)};
    }
}

void check_section(const Section& section, std::uint64_t file_bytes, std::string_view name) {
    if (section.length > 0 &&
        (section.offset > file_bytes || section.length > file_bytes - section.offset)) {
        throw Error{Errc::corrupt, fmt::format("ends before its {}", name)};
    }
}

void check(const Header& header, std::uint64_t file_bytes) {
    check_section(header.root, file_bytes, "root directory");
    check_section(header.metadata, file_bytes, "metadata");
    check_section(header.leaves, file_bytes, "leaf directories");
    check_section(header.tiles, file_bytes, "tiles");
    if (header.min_zoom > header.max_zoom || header.max_zoom > max_zoom) {
        throw Error{Errc::corrupt,
                    fmt::format("has zooms from {} to {}", header.min_zoom, header.max_zoom)};
    }
}

}  // namespace

TileType type_of(std::optional<TileFormat> format) {
    if (!format) {
        return TileType::unknown;
    }
    switch (*format) {
        case TileFormat::png:
            return TileType::png;
        case TileFormat::jpeg:
            return TileType::jpeg;
        case TileFormat::webp:
            return TileType::webp;
        case TileFormat::pbf:
            return TileType::mvt;
    }
    return TileType::unknown;
}

std::optional<TileFormat> format_of(TileType type) {
    switch (type) {
        case TileType::mvt:
            return TileFormat::pbf;
        case TileType::png:
            return TileFormat::png;
        case TileType::jpeg:
            return TileFormat::jpeg;
        case TileType::webp:
            return TileFormat::webp;
        case TileType::unknown:
        case TileType::avif:
            break;
    }
    return std::nullopt;
}

Header parse_header(BytesView bytes, std::uint64_t file_bytes) {
    check_magic(bytes);
    FieldReader fields{bytes.subspan(magic.size() + 1)};
    Header header;
    header.root = fields.section();
    header.metadata = fields.section();
    header.leaves = fields.section();
    header.tiles = fields.section();
    header.addressed_tiles = fields.next<std::uint64_t>();
    header.tile_entries = fields.next<std::uint64_t>();
    header.tile_contents = fields.next<std::uint64_t>();
    header.is_clustered = fields.next<std::uint8_t>() == 1;
    header.internal_compression = static_cast<Compression>(fields.next<std::uint8_t>());
    header.tile_compression = static_cast<Compression>(fields.next<std::uint8_t>());
    header.tile_type = static_cast<TileType>(fields.next<std::uint8_t>());
    header.min_zoom = fields.next<std::uint8_t>();
    header.max_zoom = fields.next<std::uint8_t>();
    header.south_west = fields.position();
    header.north_east = fields.position();
    header.center_zoom = fields.next<std::uint8_t>();
    header.center = fields.position();
    check(header, file_bytes);
    return header;
}

std::array<std::uint8_t, header_bytes> to_bytes(const Header& header) {
    std::array<std::uint8_t, header_bytes> bytes{};
    std::copy(magic.begin(), magic.end(), bytes.begin());
    bytes[magic.size()] = version;
    FieldWriter fields{bytes.data() + magic.size() + 1};
    fields.add(header.root);
    fields.add(header.metadata);
    fields.add(header.leaves);
    fields.add(header.tiles);
    fields.add(header.addressed_tiles);
    fields.add(header.tile_entries);
    fields.add(header.tile_contents);
    fields.add(static_cast<std::uint8_t>(header.is_clustered ? 1 : 0));
    fields.add(static_cast<std::uint8_t>(header.internal_compression));
    fields.add(static_cast<std::uint8_t>(header.tile_compression));
    fields.add(static_cast<std::uint8_t>(header.tile_type));
    fields.add(header.min_zoom);
    fields.add(header.max_zoom);
    fields.add(header.south_west);
    fields.add(header.north_east);
    fields.add(header.center_zoom);
    fields.add(header.center);
    return bytes;
}

}  // namespace offgrid::pmtiles
