#pragma once

#include "formats/base/bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace offgrid::tiff {

// TIFF 6.0, its Technical Note 2 (JPEG), BigTIFF and GeoTIFF 1.1: what reader and writer share.

enum class Tag : std::uint16_t {
    new_subfile_type = 254,
    image_width = 256,
    image_height = 257,
    bits_per_sample = 258,
    compression = 259,
    photometric = 262,
    image_description = 270,
    samples_per_pixel = 277,
    planar_configuration = 284,
    predictor = 317,
    tile_width = 322,
    tile_height = 323,
    tile_offsets = 324,
    tile_byte_counts = 325,
    extra_samples = 338,
    sample_format = 339,
    jpeg_tables = 347,
    ycbcr_subsampling = 530,
    reference_black_white = 532,
    copyright = 33432,
    model_pixel_scale = 33550,
    model_tie_point = 33922,
    geo_key_directory = 34735,
    geo_ascii_params = 34737,
    gdal_metadata = 42112,
};

enum class Type : std::uint16_t {
    byte = 1,
    ascii = 2,
    u16 = 3,
    u32 = 4,
    rational = 5,
    undefined = 7,
    f64 = 12,
    u64 = 16,
};

/// Bytes of one value; 0 for types that are not read here.
constexpr std::size_t size_of(Type type) {
    switch (type) {
        case Type::byte:
        case Type::ascii:
        case Type::undefined:
            return 1;
        case Type::u16:
            return 2;
        case Type::u32:
            return 4;
        case Type::rational:
        case Type::f64:
        case Type::u64:
            return 8;
    }
    return 0;
}

constexpr std::uint64_t contiguous = 1;
constexpr std::uint64_t jpeg_compression = 7;
constexpr std::uint64_t deflate_compression = 8;   // TIFF Technical Note 1 of Adobe
constexpr std::uint64_t webp_compression = 50001;  // registered by libtiff
constexpr std::uint64_t horizontal_differencing = 2;
constexpr std::uint64_t unassociated_alpha = 2;
constexpr std::uint64_t photometric_grey = 1;
constexpr std::uint64_t photometric_rgb = 2;
constexpr std::uint64_t photometric_mask = 4;
constexpr std::uint64_t photometric_ycbcr = 6;

// Bits of NewSubfileType.
constexpr std::uint64_t reduced_image = 1;
constexpr std::uint64_t mask_image = 4;

constexpr std::uint64_t max_classic_size = std::numeric_limits<std::uint32_t>::max();

/// How a file writes its numbers. A value.
struct Flavour {
    bool is_big_endian = false;
    bool is_big_tiff = false;

    std::size_t offset_size() const { return is_big_tiff ? 8 : 4; }  ///< also of an inline value
    std::size_t entry_count_size() const { return is_big_tiff ? 8 : 2; }
    std::size_t entry_size() const { return is_big_tiff ? 20 : 12; }
    std::uint64_t first_link() const { return is_big_tiff ? 8 : 4; }  ///< position in the header
    Type offset_type() const { return is_big_tiff ? Type::u64 : Type::u32; }

    /// The unsigned number in the bytes, at most eight.
    std::uint64_t number(BytesView bytes) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            value = value << 8 | bytes[is_big_endian ? i : bytes.size() - 1 - i];
        }
        return value;
    }

    void append(Bytes& out, std::uint64_t value, std::size_t size) const {
        for (std::size_t i = 0; i < size; ++i) {
            const auto shift = 8 * (is_big_endian ? size - 1 - i : i);
            out.push_back(static_cast<std::uint8_t>(value >> shift));
        }
    }
};

/// ReferenceBlackWhite of JPEG: luma from 0 to 255, chroma around 128; numerators, each over 1.
inline Bytes full_range(const Flavour& flavour) {
    Bytes range;
    for (const std::uint64_t bound : {0U, 255U, 128U, 255U, 128U, 255U}) {
        flavour.append(range, bound, 4);
        flavour.append(range, 1, 4);
    }
    return range;
}

/// The header of a little-endian file; the first directory is at that position.
inline Bytes file_header(const Flavour& flavour, std::uint64_t directory) {
    Bytes header{'I', 'I'};
    flavour.append(header, flavour.is_big_tiff ? 43 : 42, 2);
    if (flavour.is_big_tiff) {
        flavour.append(header, 8, 2);  // bytes of an offset
        flavour.append(header, 0, 2);
    }
    flavour.append(header, directory, flavour.offset_size());
    return header;
}

}  // namespace offgrid::tiff
