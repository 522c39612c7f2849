#include "serve/etag.h"

#include "formats/base/hash.h"

#include <utility>

namespace offgrid {

bool matches(std::string_view if_none_match, std::string_view etag) {
    constexpr std::string_view between = ", \t";
    while (!if_none_match.empty()) {
        const auto start = if_none_match.find_first_not_of(between);
        if (start == std::string_view::npos) {
            return false;
        }
        if_none_match.remove_prefix(start);
        if (if_none_match.front() == '*') {
            return true;
        }
        if (if_none_match.starts_with("W/")) {
            if_none_match.remove_prefix(2);
        }
        if (if_none_match.starts_with(etag)) {
            return true;
        }
        // A tag may hold commas, so the next one starts after the closing quote.
        const auto open = if_none_match.find('"');
        const auto close =
            open == std::string_view::npos ? open : if_none_match.find('"', open + 1);
        if (close == std::string_view::npos) {
            return false;
        }
        if_none_match.remove_prefix(close + 1);
    }
    return false;
}

Response with_etag(Response response, const Request& request) {
    std::string etag;
    etag.reserve(34);
    etag.append("\"").append(fast_hash_hex(response.content())).append("\"");
    if (matches(request.if_none_match, etag)) {
        // The client keeps the other headers with its copy (RFC 9110, 15.4.5).
        response.status = 304;
        response.headers.clear();
    }
    response.headers.push_back({"ETag", std::move(etag)});
    return response;
}

}  // namespace offgrid
