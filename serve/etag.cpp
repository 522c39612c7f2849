#include "serve/etag.h"

#include "formats/base/hash.h"
#include "formats/base/http_date.h"

#include <utility>

namespace offgrid {
namespace {

bool has_already(const Request& request, std::string_view etag,
                 std::optional<std::chrono::sys_seconds> modified) {
    if (!request.if_none_match.empty()) {
        return matches(request.if_none_match, etag);
    }
    if (request.if_modified_since.empty() || !modified) {
        return false;
    }
    // What is served after a rollback is older than the copy and another: only the same time will
    // do.
    return parse_http_date(request.if_modified_since) == modified;
}

/// The second of the time, once it is over.
std::optional<std::chrono::sys_seconds> settled(
    std::optional<std::chrono::system_clock::time_point> modified) {
    if (!modified) {
        return std::nullopt;
    }
    const auto second = std::chrono::floor<std::chrono::seconds>(*modified);
    const bool is_over = second + std::chrono::seconds{1} <= std::chrono::system_clock::now();
    return is_over ? std::optional{second} : std::nullopt;
}

}  // namespace

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

Response with_etag(Response response, const Request& request,
                   std::optional<std::chrono::system_clock::time_point> modified) {
    std::string etag;
    etag.reserve(34);
    etag.append("\"").append(fast_hash_hex(response.content())).append("\"");
    const auto second = settled(modified);
    if (has_already(request, etag, second)) {
        // The client keeps the other headers with its copy (RFC 9110, 15.4.5).
        response.status = 304;
        response.headers.clear();
    }
    response.headers.push_back({"ETag", std::move(etag)});
    if (second) {
        response.headers.push_back({"Last-Modified", http_date(*second)});
    }
    return response;
}

}  // namespace offgrid
