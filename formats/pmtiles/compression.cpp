#include "formats/pmtiles/compression.h"

#include "formats/base/error.h"
#include "formats/base/gzip.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid::pmtiles {
namespace {

constexpr int level = 9;  // directories are small beside their tiles, and are fetched by networks

Error beyond(std::size_t limit_bytes) {
    return Error{Errc::too_large, fmt::format("has more than {} bytes", limit_bytes)};
}

}  // namespace

Bytes gzipped(BytesView plain) {
    return offgrid::gzipped(plain, level);
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
            if (auto plain = unzipped(stream, limit_bytes)) {
                return std::move(*plain);
            }
            throw beyond(limit_bytes);
        case Compression::brotli:
            throw Error{Errc::unsupported, "is compressed with Brotli, which cannot be read here"};
        case Compression::zstd:
            throw Error{Errc::unsupported,
                        "is compressed with Zstandard, which cannot be read here"};
    }
    throw Error{Errc::corrupt, "is compressed in a way that PMTiles does not have"};
}

}  // namespace offgrid::pmtiles
