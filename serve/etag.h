#pragma once

#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// Whether `If-None-Match` (a list of entity tags, or `*`) names the tag, by weak comparison (RFC
/// 9110, 13.1.2).
bool matches(std::string_view if_none_match, std::string_view etag);

/// Give the response the ETag of its body; when the client has that body already, answer 304
/// without it.
Response with_etag(Response response, const Request& request);

}  // namespace offgrid
