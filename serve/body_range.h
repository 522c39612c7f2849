#pragma once

#include "serve/request.h"

namespace offgrid {

/// Cut the answer to what the request's `Range` asks for: 206 with that part, or 416 where the body
/// has nothing of it (RFC 9110, 14). An answer other than 200, a method other than GET, several
/// ranges at once, what is no range of bytes, and an `If-Range` that is not the answer's strong
/// ETag leave it whole. A whole one that is large, or only asked about by HEAD, says that parts of
/// it can be had (`Accept-Ranges`).
void apply_range(Response& response, const Request& request);

}  // namespace offgrid
