#include "serve/etag.h"

#include "formats/base/http_date.h"
#include "serve/content_coding.h"
#include "serve/vary.h"

#include <algorithm>
#include <array>
#include <utility>

namespace offgrid {
namespace {

/// At the end of the ETag of a body that is stored as gzip and sent unpacked.
constexpr std::string_view unpacked_mark = "-plain";

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

/// Whether a 304 has the header too; the others the client keeps with its copy (RFC 9110, 15.4.5).
bool is_told_again(const Header& header) {
    constexpr std::array<std::string_view, 4> told{"Cache-Control", "Content-Location", "Expires",
                                                   "Vary"};
    return std::ranges::find(told, header.name) != told.end();
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

std::string etag_of(const ContentHash& hash, Representation representation) {
    std::string etag;
    etag.reserve(34 + unpacked_mark.size());
    etag.append("\"").append(hex_of(hash));
    if (representation == Representation::unpacked) {
        etag.append(unpacked_mark);
    }
    etag.append("\"");
    return etag;
}

Response with_etag(Response response, const Request& request,
                   std::optional<std::chrono::system_clock::time_point> modified) {
    const auto hash = content_hash(response.content());
    return with_etag(std::move(response), hash, request, modified);
}

Response with_etag(Response response, const ContentHash& hash, const Request& request,
                   std::optional<std::chrono::system_clock::time_point> modified) {
    const bool is_gzip = is_sent_as_gzip(response);
    const bool is_unpacked = is_gzip && !accepts_gzip(request.accept_encoding);
    auto etag = etag_of(hash, is_unpacked ? Representation::unpacked : Representation::as_stored);
    const auto second = settled(modified);
    if (has_already(request, etag, second)) {
        if (is_unpacked) {
            unpack_gzip(response);  // for its length, which a 304 tells
        }
        response.status = 304;
        std::erase_if(response.headers, [](const Header& each) { return !is_told_again(each); });
        if (is_gzip) {
            add_vary(response, "Accept-Encoding");
        }
    }
    response.headers.push_back({"ETag", std::move(etag)});
    if (second) {
        response.headers.push_back({"Last-Modified", http_date(*second)});
    }
    return response;
}

}  // namespace offgrid
