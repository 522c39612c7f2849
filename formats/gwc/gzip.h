#pragma once

#include "formats/base/bytes.h"

namespace offgrid::gwc {

/// The bytes as one gzip stream (RFC 1952), without a time in it.
Bytes gzipped(BytesView plain);

/// The content of a gzip stream of one or more members; what is no gzip stream is given back as it
/// is. Throws `corrupt` for one that is damaged, `too_large` when the content passes 64 MiB.
Bytes unzipped(BytesView bytes);

}  // namespace offgrid::gwc
