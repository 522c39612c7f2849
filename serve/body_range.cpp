#include "serve/body_range.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace offgrid {
namespace {

constexpr std::string_view unit = "bytes=";

/// Whole bodies from that size on tell that parts of them can be had. A server need not (RFC 9110,
/// 14.3), and of a tile nobody wants a part: to that the header would only be in the way.
constexpr std::size_t told_from_bytes = 64 << 10;

/// From a byte up to another, that one not included.
struct Part {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// Nothing for what is no single range; an empty part for one that the body has nothing of.
std::optional<Part> parse_range(std::string_view text, std::uint64_t size) {
    if (!equals_ignoring_case(text.substr(0, unit.size()), unit)) {
        return std::nullopt;
    }
    text = trimmed(text.substr(unit.size()));
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto first = parse_number<std::uint64_t>(text.substr(0, dash));
    const auto last = parse_number<std::uint64_t>(text.substr(dash + 1));
    if (dash == 0) {  // the last bytes
        return last ? std::optional{Part{size - std::min(size, *last), size}} : std::nullopt;
    }
    const bool is_open = dash + 1 == text.size();
    if (!first || (!last && !is_open) || (last && *last < *first)) {
        return std::nullopt;
    }
    const auto end = is_open ? size : std::min(size, *last < size ? *last + 1 : size);
    return Part{std::min(*first, end), end};
}

/// The copy that a client has the rest of is the one that is served: a strong comparison.
bool is_same_copy(std::string_view if_range, const Response& response) {
    return if_range.empty() || (if_range.starts_with('"') && if_range == response.header("ETag"));
}

void cut(Response& response, const Part& part) {
    if (auto* const owned = std::get_if<Bytes>(&response.body)) {
        owned->resize(part.end);
        owned->erase(owned->begin(), owned->begin() + static_cast<std::ptrdiff_t>(part.begin));
    } else {
        response.body = response.content().subspan(part.begin, part.end - part.begin);
    }
}

}  // namespace

void apply_range(Response& response, const Request& request) {
    if (response.status != 200) {
        return;
    }
    const auto size = response.content().size();
    const bool is_asked = request.method == "GET" && !request.range.empty() &&
                          is_same_copy(request.if_range, response);
    const auto part = is_asked ? parse_range(request.range, size) : std::nullopt;
    if (!part) {
        if (request.method == "HEAD" || (request.method == "GET" && size >= told_from_bytes)) {
            response.headers.push_back({"Accept-Ranges", "bytes"});
        }
        return;
    }
    if (part->begin == part->end) {
        response = text_response(416, "the body has no such bytes");
        response.headers.push_back({"Content-Range", fmt::format("bytes */{}", size)});
        return;
    }
    cut(response, *part);
    response.status = 206;
    response.headers.push_back(
        {"Content-Range", fmt::format("bytes {}-{}/{}", part->begin, part->end - 1, size)});
}

}  // namespace offgrid
