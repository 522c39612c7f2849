#include "formats/gwc/gzip.h"

#include "formats/base/error.h"
#include "formats/tile/tile_format.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstddef>
#include <memory>

namespace offgrid::gwc {
namespace {

constexpr std::size_t max_content_bytes = std::size_t{64} << 20;
constexpr int level = 6;  // as zlib takes it by default

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

/// Append the content of the first member; gives the member's size.
std::size_t append_member(libdeflate_decompressor& decompressor, BytesView stream, Bytes& content) {
    const auto before = content.size();
    for (auto room = std::max<std::size_t>(stream.size() * 4, 4096);; room *= 4) {
        room = std::min(room, max_content_bytes - before + 1);
        content.resize(before + room);
        std::size_t read = 0;
        std::size_t written = 0;
        const auto result =
            libdeflate_gzip_decompress_ex(&decompressor, stream.data(), stream.size(),
                                          content.data() + before, room, &read, &written);
        if (result == LIBDEFLATE_SUCCESS && before + written <= max_content_bytes) {
            content.resize(before + written);
            return read;
        }
        if (result != LIBDEFLATE_SUCCESS && result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            throw Error{Errc::corrupt, "a tile is no whole gzip stream"};
        }
        if (before + room > max_content_bytes) {
            throw Error{Errc::too_large, "a tile unzips to more than 64 MiB"};
        }
    }
}

}  // namespace

Bytes gzipped(BytesView plain) {
    const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor{
        libdeflate_alloc_compressor(level)};
    if (!compressor) {
        throw Error{Errc::io, "no memory to compress a tile"};
    }
    Bytes stream(libdeflate_gzip_compress_bound(compressor.get(), plain.size()));
    stream.resize(libdeflate_gzip_compress(compressor.get(), plain.data(), plain.size(),
                                           stream.data(), stream.size()));
    return stream;
}

Bytes unzipped(BytesView bytes) {
    if (!is_gzip(bytes)) {
        return {bytes.begin(), bytes.end()};
    }
    const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor{
        libdeflate_alloc_decompressor()};
    if (!decompressor) {
        throw Error{Errc::io, "no memory to unzip a tile"};
    }
    Bytes content;
    while (is_gzip(bytes)) {
        bytes = bytes.subspan(append_member(*decompressor, bytes, content));
    }
    return content;
}

}  // namespace offgrid::gwc
