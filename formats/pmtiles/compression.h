#pragma once

#include "formats/base/bytes.h"

#include <cstddef>
#include <cstdint>

namespace offgrid::pmtiles {

/// How something is compressed, as the header numbers it.
enum class Compression : std::uint8_t { unknown, none, gzip, brotli, zstd };

/// The bytes as one gzip stream (RFC 1952), without a time in it: the same bytes for the same
/// input.
Bytes gzipped(BytesView plain);

/// What was compressed. What is `unknown` is taken for plain, as other readers do. Throws `corrupt`
/// for a damaged stream, `too_large` beyond the limit, `unsupported` for Brotli and Zstandard.
Bytes decompressed(Compression compression, BytesView stream, std::size_t limit_bytes);

}  // namespace offgrid::pmtiles
