#include "formats/tiff/jpeg_stream.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid::tiff {
namespace {

// Markers of T.81, table B.1.
constexpr std::uint8_t start_of_frame_0 = 0xC0;
constexpr std::uint8_t start_of_frame_15 = 0xCF;
constexpr std::uint8_t huffman_tables = 0xC4;
constexpr std::uint8_t extension = 0xC8;
constexpr std::uint8_t arithmetic_conditioning = 0xCC;
constexpr std::uint8_t restart_0 = 0xD0;
constexpr std::uint8_t restart_7 = 0xD7;
constexpr std::uint8_t start_of_image = 0xD8;
constexpr std::uint8_t end_of_image = 0xD9;
constexpr std::uint8_t start_of_scan = 0xDA;
constexpr std::uint8_t quantisation_tables = 0xDB;
constexpr std::uint8_t application_0 = 0xE0;
constexpr std::uint8_t application_14 = 0xEE;

/// APP14 as Adobe writes it: version 100, no flags, transform 0.
constexpr std::array<std::uint8_t, 16> adobe_rgb{
    0xFF, application_14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0};

int u16(BytesView bytes, std::size_t at) {
    return bytes[at] << 8 | bytes[at + 1];
}

bool is_frame(std::uint8_t marker) {
    return marker >= start_of_frame_0 && marker <= start_of_frame_15 && marker != huffman_tables &&
           marker != extension && marker != arithmetic_conditioning;
}

/// Collects what the segments say, one after the other.
class Collector {
public:
    /// False when the segment is damaged. `body` is without marker and length.
    bool take(std::uint8_t marker, BytesView body) {
        if (is_frame(marker)) {
            return take_frame(marker, body);
        }
        const auto text = as_text(body);
        switch (marker) {
            case quantisation_tables:
                return take_quantisation(body);
            case huffman_tables:
                return take_huffman(body);
            case start_of_scan:
                return take_scan(body);
            case application_0:
                header.has_jfif |= text.starts_with(std::string_view{"JFIF\0", 5});
                return true;
            case application_14:
                if (text.starts_with("Adobe") && body.size() >= 12) {
                    header.adobe_transform = body[11];
                }
                return true;
            default:
                return true;
        }
    }

    JpegHeader header;
    bool has_scan = false;

private:
    bool take_frame(std::uint8_t marker, BytesView body) {
        if (body.size() < 6 || header.component_count != 0 || body[5] < 1 || body[5] > 4 ||
            body.size() != 6 + 3 * std::size_t{body[5]}) {
            return false;
        }
        header.is_baseline = marker == start_of_frame_0 && body[0] == 8;
        header.height = u16(body, 1);
        header.width = u16(body, 3);
        header.component_count = body[5];
        for (std::size_t i = 0; i < header.component_count; ++i) {
            const auto part = body.subspan(6 + 3 * i, 3);
            header.all_components[i] = {part[0], part[1] >> 4, part[1] & 15, part[2]};
        }
        return true;
    }

    bool take_quantisation(BytesView body) {
        while (!body.empty()) {
            const std::size_t size = 1 + (body[0] >> 4 == 0 ? 64U : 128U);
            if (body.size() < size) {
                return false;
            }
            quantisation_ |= 1U << (body[0] & 15);
            body = body.subspan(size);
        }
        return true;
    }

    bool take_huffman(BytesView body) {
        while (!body.empty()) {
            if (body.size() < 17) {
                return false;
            }
            std::size_t size = 17;
            for (std::size_t i = 1; i <= 16; ++i) {
                size += body[i];
            }
            if (body.size() < size) {
                return false;
            }
            (body[0] >> 4 == 0 ? dc_ : ac_) |= 1U << (body[0] & 15);
            body = body.subspan(size);
        }
        return true;
    }

    bool take_scan(BytesView body) {
        if (header.component_count == 0 || body.empty() ||
            body.size() < 4 + 2 * std::size_t{body[0]}) {
            return false;
        }
        has_scan = true;
        header.has_one_scan = body[0] == header.component_count;
        header.is_self_contained =
            std::ranges::all_of(header.components(), [this](const JpegHeader::Component& part) {
                return (quantisation_ >> (part.table & 15) & 1) != 0;
            });
        for (std::size_t i = 0; i < body[0]; ++i) {
            const auto tables = body[2 + 2 * i];
            header.is_self_contained &=
                (dc_ >> (tables >> 4) & 1) != 0 && (ac_ >> (tables & 15) & 1) != 0;
        }
        return true;
    }

    unsigned quantisation_ = 0;  ///< a bit for each table that there is
    unsigned dc_ = 0;
    unsigned ac_ = 0;
};

bool is_stream(BytesView bytes) {
    return bytes.size() >= 4 && bytes[0] == 0xFF && bytes[1] == start_of_image;
}

/// Copies the segments with tables.
class TableCollector {
public:
    bool take(std::uint8_t marker, BytesView body) {
        has_scan = marker == start_of_scan;
        if (marker == quantisation_tables || marker == huffman_tables) {
            const auto length = body.size() + 2;
            tables.insert(tables.end(), {0xFF, marker, static_cast<std::uint8_t>(length >> 8),
                                         static_cast<std::uint8_t>(length)});
            tables.insert(tables.end(), body.begin(), body.end());
        }
        return true;
    }

    Bytes tables{0xFF, start_of_image};
    bool has_scan = false;
};

/// Hand each segment to the collector, to the first scan or the end. False for a damaged stream.
template <typename AnyCollector>
bool collect(BytesView stream, AnyCollector& collector) {
    if (!is_stream(stream)) {
        return false;
    }
    for (std::size_t at = 2; at + 2 <= stream.size();) {
        if (stream[at] != 0xFF) {
            return false;
        }
        const auto marker = stream[at + 1];
        if (marker == 0xFF) {  // a fill byte
            ++at;
            continue;
        }
        if (marker == end_of_image) {
            return true;
        }
        if (marker <= 1 || (marker >= restart_0 && marker <= restart_7) || at + 4 > stream.size()) {
            return false;
        }
        const auto length = static_cast<std::size_t>(u16(stream, at + 2));
        if (length < 2 || length > stream.size() - at - 2 ||
            !collector.take(marker, stream.subspan(at + 4, length - 2))) {
            return false;
        }
        if (collector.has_scan) {
            return true;
        }
        at += 2 + length;
    }
    return false;
}

}  // namespace

bool JpegHeader::is_rgb() const {
    if (component_count != 3 || has_jfif) {
        return false;
    }
    if (adobe_transform) {
        return *adobe_transform == 0;
    }
    return all_components[0].id == 'R' && all_components[1].id == 'G' &&
           all_components[2].id == 'B';
}

std::optional<JpegHeader> read_jpeg_header(BytesView stream) {
    Collector collector;
    if (!collect(stream, collector) || !collector.has_scan) {
        return std::nullopt;
    }
    return collector.header;
}

Bytes tables_in(BytesView stream) {
    TableCollector collector;
    collect(stream, collector);
    collector.tables.insert(collector.tables.end(), {0xFF, end_of_image});
    return std::move(collector.tables);
}

Bytes complete_jpeg(Bytes tile, BytesView tables, Colours colours, int size) {
    const auto header = read_jpeg_header(tile);
    if (!header) {
        throw Error{Errc::corrupt, "what is stored is no JPEG"};
    }
    if (header->width != size || header->height != size) {
        throw Error{Errc::corrupt, fmt::format("the JPEG is {} by {} pixels, not {}", header->width,
                                               header->height, size)};
    }
    if (!header->is_self_contained && !is_stream(tables)) {
        throw Error{Errc::corrupt,
                    "JPEGTables missing or damaged, and the tile has none of its own"};
    }
    const auto used_tables =
        header->is_self_contained ? BytesView{} : tables.subspan(2, tables.size() - 4);
    Collector apart;
    const bool is_marked = header->adobe_transform.has_value() ||
                           (collect(tables, apart) && !header->is_self_contained &&
                            apart.header.adobe_transform.has_value());
    const bool adds_marker = colours == Colours::rgb && header->component_count == 3 && !is_marked;
    if (header->is_self_contained && !adds_marker) {
        return tile;
    }
    Bytes complete;
    complete.reserve(tile.size() + used_tables.size() + adobe_rgb.size());
    complete.assign(tile.begin(), tile.begin() + 2);
    if (adds_marker) {
        complete.insert(complete.end(), adobe_rgb.begin(), adobe_rgb.end());
    }
    complete.insert(complete.end(), used_tables.begin(), used_tables.end());
    complete.insert(complete.end(), tile.begin() + 2, tile.end());
    return complete;
}

}  // namespace offgrid::tiff
