#include "formats/pmtiles/compression.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <memory>

namespace offgrid::pmtiles {
namespace {

constexpr int level = 9;  // directories are small beside their tiles, and are fetched by networks

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

Error beyond(std::size_t limit_bytes) {
    return Error{Errc::too_large, fmt::format("has more than {} bytes", limit_bytes)};
}

Bytes unzipped(BytesView stream, std::size_t limit_bytes) {
    const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor{
        libdeflate_alloc_decompressor()};
    if (!decompressor) {
        throw Error{Errc::io, "no memory to decompress"};
    }
    Bytes plain;
    for (auto room = std::max<std::size_t>(stream.size() * 4, 4096);; room *= 4) {
        plain.resize(std::min(room, limit_bytes));
        std::size_t size = 0;
        const auto result = libdeflate_gzip_decompress(
            decompressor.get(), stream.data(), stream.size(), plain.data(), plain.size(), &size);
        if (result == LIBDEFLATE_SUCCESS) {
            plain.resize(size);
            return plain;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            throw Error{Errc::corrupt, "is no whole gzip stream"};
        }
        if (room >= limit_bytes) {
            throw beyond(limit_bytes);
        }
    }
}

}  // namespace

Bytes gzipped(BytesView plain) {
    const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor{
        libdeflate_alloc_compressor(level)};
    if (!compressor) {
        throw Error{Errc::io, "no memory to compress"};
    }
    Bytes stream(libdeflate_gzip_compress_bound(compressor.get(), plain.size()));
    stream.resize(libdeflate_gzip_compress(compressor.get(), plain.data(), plain.size(),
                                           stream.data(), stream.size()));
    return stream;
}

Bytes decompressed(Compression compression, BytesView stream, std::size_t limit_bytes) {
    switch (compression) {
        case Compression::unknown:
        case Compression::none:
            if (stream.size() > limit_bytes) {
                throw beyond(limit_bytes);
            }
            return {stream.begin(), stream.end()};
        case Compression::gzip:
            return unzipped(stream, limit_bytes);
        case Compression::brotli:
            throw Error{Errc::unsupported, "is compressed with Brotli, which cannot be read here"};
        case Compression::zstd:
            throw Error{Errc::unsupported,
                        "is compressed with Zstandard, which cannot be read here"};
    }
    throw Error{Errc::corrupt, "is compressed in a way that PMTiles does not have"};
}

}  // namespace offgrid::pmtiles
