#pragma once

#include "formats/base/bytes.h"

#include <cstddef>
#include <optional>

namespace offgrid {

/// The bytes as one gzip stream (RFC 1952), without a time in it: the same bytes for the same
/// input. The level is libdeflate's, from 1 (fast) to 12 (small).
Bytes gzipped(BytesView plain, int level);

/// The content of a gzip stream of one or more members; nothing when it has more bytes than the
/// limit. Throws `corrupt` for a damaged stream.
std::optional<Bytes> unzipped(BytesView stream, std::size_t limit_bytes);

}  // namespace offgrid
