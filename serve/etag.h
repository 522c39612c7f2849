#pragma once

#include "formats/base/hash.h"
#include "serve/request.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// Whether `If-None-Match` (a list of entity tags, or `*`) names the tag, by weak comparison (RFC
/// 9110, 13.1.2).
bool matches(std::string_view if_none_match, std::string_view etag);

/// Whether a client gets what is stored, or what the gzip in it packs.
enum class Representation { as_stored, unpacked };

/// The entity tag of stored bytes that hash to that, as they are sent.
std::string etag_of(const ContentHash& hash,
                    Representation representation = Representation::as_stored);

/// Give the response the ETag of its body and, where that is known, the time since when it is as it
/// is (`Last-Modified`); when the client has that body already, answer 304 without it. What
/// `If-None-Match` says counts, and only without it `If-Modified-Since` (RFC 9110, 13.2.2), which
/// has to be the same second: after a rollback an older body is the newer one. A time of which the
/// second is not over is not told, since another body may come in it (RFC 9110, 8.8.2.2), nor one
/// to come. A body that is stored as gzip has another ETag for a client that gets it unpacked.
Response with_etag(Response response, const Request& request,
                   std::optional<std::chrono::system_clock::time_point> modified = {});

/// The same for a body of which the hash is known.
Response with_etag(Response response, const ContentHash& hash, const Request& request,
                   std::optional<std::chrono::system_clock::time_point> modified = {});

}  // namespace offgrid
