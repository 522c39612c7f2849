#pragma once

#include "formats/base/bytes.h"

#include <optional>

namespace offgrid::tiff {

/// What a WebP file (RFC 9649) says ahead of its pixels. A value.
struct WebpHeader {
    int width = 0;
    int height = 0;
    bool is_animation = false;
};

/// Nothing when the bytes do not begin as a WebP file does.
std::optional<WebpHeader> read_webp_header(BytesView file);

}  // namespace offgrid::tiff
