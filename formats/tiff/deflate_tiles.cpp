#include "formats/tiff/deflate_tiles.h"

#include "formats/base/error.h"

#include <libdeflate.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <thread>

namespace offgrid::tiff {
namespace {

/// libdeflate's default.
constexpr int compression_level = 6;

constexpr std::size_t samples = 4;

struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const noexcept {
        libdeflate_free_compressor(compressor);
    }
};
struct FreeDecompressor {
    void operator()(libdeflate_decompressor* decompressor) const noexcept {
        libdeflate_free_decompressor(decompressor);
    }
};
using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

Compressor make_compressor() {
    Compressor compressor{libdeflate_alloc_compressor(compression_level)};
    if (!compressor) {
        throw std::bad_alloc{};
    }
    return compressor;
}

Bytes compress(BytesView bytes, libdeflate_compressor* compressor) {
    Bytes stream(libdeflate_zlib_compress_bound(compressor, bytes.size()));
    stream.resize(libdeflate_zlib_compress(compressor, bytes.data(), bytes.size(), stream.data(),
                                           stream.size()));
    return stream;
}

/// Replace each sample but the first of its row by its difference from the one to the west.
void take_differences(Image& image) {
    for (int y = 0; y < image.height; ++y) {
        auto* const row = image.row(y);
        for (auto i = image.stride(); i-- > samples;) {
            row[i] = static_cast<std::uint8_t>(row[i] - row[i - samples]);
        }
    }
}

[[noreturn]] void fail_without_memory() {
    throw Error{Errc::too_large, "cannot compress tiles: out of memory"};
}

}  // namespace

Bytes deflate(BytesView bytes) {
    try {
        return compress(bytes, make_compressor().get());
    } catch (const std::bad_alloc&) {
        fail_without_memory();
    }
}

std::vector<Bytes> deflate_tiles(std::span<Image> images, int threads) {
    std::vector<Bytes> tiles(images.size());
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> has_memory = true;
    const auto work = [&] {
        try {
            const auto compressor = make_compressor();
            for (auto i = next++; i < images.size(); i = next++) {
                take_differences(images[i]);
                tiles[i] = compress(images[i].rgba, compressor.get());
            }
        } catch (const std::bad_alloc&) {
            has_memory = false;
        }
    };
    const auto useful = std::min(static_cast<std::size_t>(std::max(1, threads)), images.size());
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < useful; ++i) {
        others.emplace_back(work);
    }
    work();
    others.clear();  // waits for them
    if (!has_memory) {
        fail_without_memory();
    }
    return tiles;
}

Image inflate_tile(BytesView stream, const DeflatedPixels& pixels) {
    const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor{
        libdeflate_alloc_decompressor()};
    if (!decompressor) {
        throw Error{Errc::too_large, "cannot decompress a tile: out of memory"};
    }
    Image image{pixels.size, pixels.size};
    const auto row_size = pixels.samples * static_cast<std::size_t>(pixels.size);
    Bytes rows(row_size * static_cast<std::size_t>(pixels.size));
    if (libdeflate_zlib_decompress(decompressor.get(), stream.data(), stream.size(), rows.data(),
                                   rows.size(), nullptr) != LIBDEFLATE_SUCCESS) {
        throw Error{Errc::corrupt, "the zlib stream is damaged"};
    }
    for (int y = 0; y < pixels.size; ++y) {
        auto* const row = rows.data() + row_size * static_cast<std::size_t>(y);
        for (auto i = pixels.samples; pixels.has_differences && i < row_size; ++i) {
            row[i] = static_cast<std::uint8_t>(row[i] + row[i - pixels.samples]);
        }
        auto* pixel = image.row(y);
        for (std::size_t i = 0; i < row_size; i += pixels.samples, pixel += 4) {
            pixel[3] = 255;
            std::copy_n(row + i, pixels.samples, pixel);
        }
    }
    return image;
}

}  // namespace offgrid::tiff
