#pragma once

#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Whether a client that sends this `Accept-Encoding` takes gzip (RFC 9110, 12.5.3). One that sends
/// none takes any coding.
bool accepts_gzip(std::string_view accept_encoding);

/// Whether the body is gzip, as the response says itself.
bool is_sent_as_gzip(const Response& response);

/// Unpack a gzip body. Throws `corrupt` for one that is damaged or has more bytes than a tile may.
void unpack_gzip(Response& response);

/// The most bytes that a body may unpack to.
inline constexpr std::size_t max_unpacked_bytes = 16 << 20;

}  // namespace offgrid
