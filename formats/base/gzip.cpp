#include "formats/base/gzip.h"

#include "formats/base/error.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>

namespace offgrid {
namespace {

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

bool begins_member(BytesView stream) {
    return stream.size() >= 2 && stream[0] == 0x1f && stream[1] == 0x8b;
}

/// Append the content of the first member. Gives the member's size; nothing when the content passes
/// the limit.
std::optional<std::size_t> append_member(libdeflate_decompressor& decompressor, BytesView stream,
                                         std::size_t limit_bytes, Bytes& content) {
    const auto before = content.size();
    for (auto room = std::max<std::size_t>(stream.size() * 4, 4096);; room *= 4) {
        room = std::min(room, limit_bytes - before + 1);
        content.resize(before + room);
        std::size_t read = 0;
        std::size_t written = 0;
        const auto result =
            libdeflate_gzip_decompress_ex(&decompressor, stream.data(), stream.size(),
                                          content.data() + before, room, &read, &written);
        if (result == LIBDEFLATE_SUCCESS && before + written <= limit_bytes) {
            content.resize(before + written);
            return read;
        }
        if (result != LIBDEFLATE_SUCCESS && result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            throw Error{Errc::corrupt, "is no whole gzip stream"};
        }
        if (before + room > limit_bytes) {
            return std::nullopt;
        }
    }
}

}  // namespace

Bytes gzipped(BytesView plain, int level) {
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

std::optional<Bytes> unzipped(BytesView stream, std::size_t limit_bytes) {
    const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor{
        libdeflate_alloc_decompressor()};
    if (!decompressor) {
        throw Error{Errc::io, "no memory to decompress"};
    }
    Bytes content;
    do {
        const auto size = append_member(*decompressor, stream, limit_bytes, content);
        if (!size) {
            return std::nullopt;
        }
        stream = stream.subspan(*size);
    } while (begins_member(stream));
    return content;
}

}  // namespace offgrid
