#pragma once

#include <string>
#include <string_view>

namespace offgrid::http {

/// The URL with everything from the path on percent-encoded as MapCache does it: letters, digits,
/// `-_.~/` stay, a space becomes `+`, so there is never a query. A URL without a path is returned
/// as it is.
std::string encode_url(std::string_view url);

/// The same, but what follows the first `?` stays a query: only what no query may have is encoded
/// (RFC 3986, section 3.4).
std::string encode_url_keeping_query(std::string_view url);

/// The text as one segment of a path: letters, digits, `-_.~` stay (RFC 3986, section 2.3).
std::string encode_segment(std::string_view text);

/// The parts of a URL that requests are checked and signed with, borrowed from it.
struct UrlParts {
    std::string_view scheme{};
    std::string_view authority{};  ///< `[user[:password]@]host[:port]`
    std::string_view path{};       ///< with the leading `/`, without the query; may be empty
};

UrlParts parts_of(std::string_view url);

/// What the header Host says: the authority without user and without the scheme's own port.
std::string host_of(const UrlParts& url);

/// Whether both URLs mean the same scheme, host and port.
bool is_same_origin(std::string_view one, std::string_view other);

/// The URL for messages: without user, password and query.
std::string shown_url(std::string_view url);

/// Whether a segment of the path is `.` or `..`, which servers take for a step to another path.
bool has_dot_segment(std::string_view path);

}  // namespace offgrid::http
