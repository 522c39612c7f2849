#include "formats/image/png.h"

#include "formats/base/error.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <span>
#include <string_view>

namespace offgrid {
namespace {

/// Level 6 is libdeflate's default; a higher one costs twice the time for 1 % of the size.
constexpr int compression_level = 6;

constexpr std::array<std::uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

enum Filter : std::uint8_t { filter_none = 0, filter_sub = 1, filter_up = 2 };  // clause 9.2

void append_number(Bytes& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

/// Write the length and the type of a chunk whose content follows; `end_chunk` completes it.
std::size_t begin_chunk(Bytes& out, std::string_view type, std::size_t length) {
    append_number(out, static_cast<std::uint32_t>(length));
    const auto begin = out.size();
    out.insert(out.end(), type.begin(), type.end());
    return begin;
}

void end_chunk(Bytes& out, std::size_t begin) {
    append_number(out, libdeflate_crc32(0, out.data() + begin, out.size() - begin));
}

enum ColourType : std::uint8_t {
    grey = 0,
    rgb = 2,
    palette = 3,
    grey_alpha = 4,
    rgb_alpha = 6
};  // clause 11.2.2

void append_header(Bytes& out, int width, int height, std::uint8_t bits, ColourType type) {
    const auto header = begin_chunk(out, "IHDR", 13);
    append_number(out, static_cast<std::uint32_t>(width));
    append_number(out, static_cast<std::uint32_t>(height));
    // deflate, adaptive filters, not interlaced
    out.insert(out.end(), {bits, type, 0, 0, 0});
    end_chunk(out, header);
}

/// The colours, and the alpha of those in front up to the last that is not opaque (clauses 11.2.3
/// and 11.3.2.1).
void append_palette(Bytes& out, std::span<const std::array<std::uint8_t, 4>> colours) {
    const auto entries = begin_chunk(out, "PLTE", 3 * colours.size());
    for (const auto& colour : colours) {
        out.insert(out.end(), colour.begin(), colour.begin() + 3);
    }
    end_chunk(out, entries);
    while (!colours.empty() && colours.back()[3] == 255) {
        colours = colours.first(colours.size() - 1);
    }
    if (!colours.empty()) {
        const auto alphas = begin_chunk(out, "tRNS", colours.size());
        std::ranges::transform(colours, std::back_inserter(out),
                               [](const auto& colour) { return colour[3]; });
        end_chunk(out, alphas);
    }
}

int bits_for(std::size_t colours) {
    return colours <= 2 ? 1 : colours <= 4 ? 2 : colours <= 16 ? 4 : 8;
}

/// Append the numbers, the leftmost in the highest bits (clause 7.2).
void append_packed(std::span<const std::uint8_t> row, int bits, Bytes& out) {
    const auto in_byte = static_cast<std::size_t>(8 / bits);
    if (in_byte == 1) {
        out.insert(out.end(), row.begin(), row.end());
        return;
    }
    for (std::size_t x = 0; x < row.size(); x += in_byte) {
        unsigned byte = 0;
        for (std::size_t i = 0; i < in_byte; ++i) {
            byte = byte << bits | (x + i < row.size() ? row[x + i] : 0U);
        }
        out.push_back(static_cast<std::uint8_t>(byte));
    }
}

/// Append the rows, each with its filter type in front, and the end of the image.
void append_content(Bytes& out, libdeflate_compressor* compressor, BytesView filtered) {
    const auto length_at = out.size();
    const auto content = begin_chunk(out, "IDAT", 0);
    const auto bound = libdeflate_zlib_compress_bound(compressor, filtered.size());
    const auto content_at = out.size();
    out.resize(content_at + bound);
    const auto length = libdeflate_zlib_compress(compressor, filtered.data(), filtered.size(),
                                                 out.data() + content_at, bound);
    if (length == 0) {
        throw Error{Errc::io, "cannot encode PNG: the compressor failed"};
    }
    out.resize(content_at + length);
    Bytes length_field;
    append_number(length_field, static_cast<std::uint32_t>(length));
    std::ranges::copy(length_field, out.begin() + static_cast<std::ptrdiff_t>(length_at));
    end_chunk(out, content);
    end_chunk(out, begin_chunk(out, "IEND", 0));
}

/// Whether all pixels that show are grey.
bool is_grey(const ImageView& image) {
    for (int y = 0; y < image.height; ++y) {
        const auto* const row = image.row(y);
        unsigned differences = 0;
        for (std::size_t x = 0; x < 4 * static_cast<std::size_t>(image.width); x += 4) {
            const unsigned shows = row[x + 3] == 0 ? 0 : 255;
            differences |= ((row[x] ^ row[x + 1]) | (row[x] ^ row[x + 2])) & shows;
        }
        if (differences != 0) {
            return false;
        }
    }
    return true;
}

void drop_alpha(const std::uint8_t* rgba, int width, std::uint8_t* out) {
    for (int x = 0; x < width; ++x) {
        out[3 * x] = rgba[4 * x];
        out[3 * x + 1] = rgba[4 * x + 1];
        out[3 * x + 2] = rgba[4 * x + 2];
    }
}

/// Clear the colour of what does not show: it would only cost bytes.
void clear_hidden(const std::uint8_t* rgba, int width, std::uint8_t* out) {
    for (int x = 0; x < width; ++x) {
        if (rgba[4 * x + 3] == 0) {
            std::memset(out + 4 * x, 0, 4);
        } else {
            std::memcpy(out + 4 * x, rgba + 4 * x, 4);
        }
    }
}

void keep_grey(const std::uint8_t* rgba, int width, std::uint8_t* out) {
    for (int x = 0; x < width; ++x) {
        out[x] = rgba[4 * x];
    }
}

void keep_grey_and_alpha(const std::uint8_t* rgba, int width, std::uint8_t* out) {
    for (int x = 0; x < width; ++x) {
        out[2 * x] = rgba[4 * x + 3] == 0 ? std::uint8_t{0} : rgba[4 * x];
        out[2 * x + 1] = rgba[4 * x + 3];
    }
}

/// What is written of each pixel.
struct Samples {
    ColourType type = rgb;
    std::size_t count = 3;
    void (*copy)(const std::uint8_t* rgba, int width, std::uint8_t* out) = drop_alpha;
};

Samples samples_of(const ImageView& image, Coverage coverage) {
    if (is_grey(image)) {
        return coverage == Coverage::full ? Samples{grey, 1, keep_grey}
                                          : Samples{grey_alpha, 2, keep_grey_and_alpha};
    }
    return coverage == Coverage::full ? Samples{rgb, 3, drop_alpha}
                                      : Samples{rgb_alpha, 4, clear_hidden};
}

void subtract(const std::uint8_t* __restrict row, const std::uint8_t* __restrict other,
              std::size_t size, std::uint8_t* __restrict out) {
    for (std::size_t i = 0; i < size; ++i) {
        out[i] = static_cast<std::uint8_t>(row[i] - other[i]);
    }
}

/// The usual estimate of how well a row compresses: the sum of the samples taken as signed
/// (clause 12.8).
unsigned weight(const std::uint8_t* row, std::size_t size) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        sum += row[i] < 128 ? row[i] : 256U - row[i];
    }
    return sum;
}

using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

Compressor make_compressor() {
    Compressor compressor{libdeflate_alloc_compressor(compression_level)};
    if (!compressor) {
        throw Error{Errc::io, "cannot encode PNG: no memory for the compressor"};
    }
    return compressor;
}

}  // namespace

void FreeCompressor::operator()(libdeflate_compressor* compressor) const noexcept {
    libdeflate_free_compressor(compressor);
}

PngEncoder::PngEncoder() : compressor_{make_compressor()} {}

Bytes PngEncoder::encode(const ImageView& image, Coverage coverage) {
    const auto samples = samples_of(image, coverage);
    const auto pixel = samples.count;
    const std::size_t row_size = pixel * static_cast<std::size_t>(image.width);
    for (auto* buffers : {rows_, trials_}) {
        buffers[0].assign(row_size, 0);
        buffers[1].assign(row_size, 0);
    }
    filtered_.clear();
    filtered_.reserve((row_size + 1) * static_cast<std::size_t>(image.height));
    for (int y = 0; y < image.height; ++y) {
        auto& row = rows_[y % 2];
        const auto& above = rows_[(y + 1) % 2];
        samples.copy(image.row(y), image.width, row.data());
        std::copy_n(row.data(), pixel, trials_[0].data());
        subtract(row.data() + pixel, row.data(), row_size - pixel, trials_[0].data() + pixel);
        subtract(row.data(), above.data(), row_size, trials_[1].data());
        const auto plain_weight = weight(row.data(), row_size);
        const auto sub_weight = weight(trials_[0].data(), row_size);
        const auto up_weight = weight(trials_[1].data(), row_size);
        const auto least = std::min({plain_weight, sub_weight, up_weight});
        const Filter filter = least == up_weight    ? filter_up
                              : least == sub_weight ? filter_sub
                                                    : filter_none;
        const auto& chosen = filter == filter_none ? row : trials_[filter - 1];
        filtered_.push_back(filter);
        filtered_.insert(filtered_.end(), chosen.begin(), chosen.end());
    }

    Bytes out{signature.begin(), signature.end()};
    append_header(out, image.width, image.height, 8, samples.type);
    append_content(out, compressor_.get(), filtered_);
    return out;
}

Bytes PngEncoder::encode(const PaletteImage& image) {
    const int bits = bits_for(image.colours.size());
    const auto width = static_cast<std::size_t>(image.width);
    filtered_.clear();
    filtered_.reserve((width + 1) * static_cast<std::size_t>(image.height));
    for (auto row = image.pixels.begin(); row != image.pixels.end();
         row += static_cast<std::ptrdiff_t>(width)) {
        filtered_.push_back(filter_none);  // clause 12.8: numbers of colours are no samples
        append_packed({row, width}, bits, filtered_);
    }
    Bytes out{signature.begin(), signature.end()};
    append_header(out, image.width, image.height, static_cast<std::uint8_t>(bits), palette);
    append_palette(out, image.colours);
    append_content(out, compressor_.get(), filtered_);
    return out;
}

Bytes encode_one_colour_png(const std::array<std::uint8_t, 4>& rgba, int width, int height) {
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    return PngEncoder{}.encode(
        PaletteImage{.width = width, .height = height, .colours = {rgba}, .pixels = Bytes(pixels)});
}

}  // namespace offgrid
