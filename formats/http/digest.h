#pragma once

#include "formats/base/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace offgrid::http {

/// What the signatures of object stores are made of. Each throws `io` when the library fails.
Bytes hmac_sha256(BytesView key, std::string_view text);
Bytes hmac_sha1(BytesView key, std::string_view text);
Bytes md5(BytesView content);

/// Lower-case hexadecimal digits.
std::string hex(BytesView bytes);

/// RFC 4648, section 4, with padding.
std::string base64(BytesView bytes);

/// Nothing when the text is not base64 with padding.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace offgrid::http
