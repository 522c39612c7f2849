#pragma once

#include "formats/base/bytes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace offgrid::tiff {

/// What the markers of a JPEG stream (ITU-T T.81, annex B) say ahead of its first scan. A value.
struct JpegHeader {
    struct Component {
        std::uint8_t id = 0;
        int width_factor = 0;  ///< sampling factors
        int height_factor = 0;
        std::uint8_t table = 0;  ///< of quantisation
    };

    int width = 0;
    int height = 0;
    bool is_baseline = false;        ///< sequential, Huffman, 8 bits
    bool has_one_scan = false;       ///< all components come in the first scan
    bool is_self_contained = false;  ///< has every table that its first scan needs
    bool has_jfif = false;
    std::optional<int> adobe_transform{};  ///< 0: RGB or CMYK, 1: YCbCr
    std::array<Component, 4> all_components{};
    std::size_t component_count = 0;

    std::span<const Component> components() const {
        return std::span{all_components}.first(component_count);
    }

    /// Whether decoders take three components for red, green and blue, as libjpeg guesses it.
    bool is_rgb() const;
};

/// Nothing when the bytes are no JPEG up to the first scan. A stream of tables only is none.
std::optional<JpegHeader> read_jpeg_header(BytesView stream);

/// The tables that the stream has ahead of its first scan, as a stream of their own (T.81 B.5); of
/// a damaged stream those that are whole.
Bytes tables_in(BytesView stream);

enum class Colours { as_marked, rgb };

/// The stand-alone JPEG of a tile of a TIFF file: the tile as it is where it has all its tables,
/// else the tables without their last two bytes followed by the tile without its first two, as
/// MapCache answers it. Where the file says that the tile is RGB and no Adobe marker does, one is
/// added: without it most decoders show false colours. MapCache leaves it out.
///
/// Throws `corrupt` for a tile that is no JPEG of `size` pixels both ways, or has no tables.
Bytes complete_jpeg(Bytes tile, BytesView tables, Colours colours, int size);

}  // namespace offgrid::tiff
