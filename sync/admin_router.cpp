#include "sync/admin_router.h"

#include "formats/base/error.h"
#include "serve/url.h"

#include <algorithm>
#include <array>
#include <optional>

namespace offgrid {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Where GeoWebCache and GeoServer's plugin are installed, by their manuals.
constexpr std::array<std::string_view, 2> contexts{"/geowebcache", "/geoserver/gwc"};
constexpr std::string_view rest = "/rest";

std::string_view without_prefix(std::string_view path, std::string_view prefix) {
    const bool has_prefix =
        path.starts_with(prefix) && path.size() > prefix.size() && path[prefix.size()] == '/';
    return has_prefix ? path.substr(prefix.size()) : path;
}

std::string_view without_context(std::string_view path) {
    for (const auto context : contexts) {
        if (const auto inner = without_prefix(path, context); inner != path) {
            return without_prefix(inner, rest);
        }
    }
    return without_prefix(path, rest);
}

/// What stands between the slashes, decoded; for `/` no segment. Nothing for a path with empty
/// parts or dots, which names nothing here.
std::optional<std::vector<std::string>> segments_of(std::string_view path) {
    if (!path.starts_with('/')) {
        return std::nullopt;
    }
    path.remove_prefix(1);
    std::vector<std::string> segments;
    for (bool is_last = path.empty(); !is_last;) {
        is_last = path.find('/') == std::string_view::npos;
        auto segment = percent_decoded(take_segment(path));
        if (!segment || segment->empty() || *segment == "." || *segment == ".." ||
            segment->find('/') != std::string::npos) {
            return std::nullopt;
        }
        segments.push_back(*std::move(segment));
    }
    return segments;
}

std::size_t text_in(std::string_view pattern) {
    std::size_t count = 0;
    bool is_text = true;
    for (const char c : pattern) {
        is_text = is_text && c != '{';
        count += is_text ? 1 : 0;
        is_text = is_text || c == '}';
    }
    return count;
}

void note_allowed(std::vector<std::string>& allowed, const std::string& method) {
    if (std::ranges::find(allowed, method) != allowed.end()) {
        return;
    }
    allowed.push_back(method);
    if (method == "GET") {
        allowed.emplace_back("HEAD");
    }
}

/// Whether the segment is as its pattern says; adds what stands for the name in it.
bool fits(std::string_view pattern, std::string_view segment, Parameters& parameters) {
    const auto open = pattern.find('{');
    if (open == std::string_view::npos) {
        return pattern == segment;
    }
    const auto close = pattern.find('}', open);
    const auto before = pattern.substr(0, open);
    const auto after = pattern.substr(close + 1);
    if (segment.size() <= before.size() + after.size() || !segment.starts_with(before) ||
        !segment.ends_with(after)) {
        return false;
    }
    segment.remove_prefix(before.size());
    segment.remove_suffix(after.size());
    parameters.emplace_back(pattern.substr(open + 1, close - open - 1), segment);
    return true;
}

std::optional<Parameters> match(std::string_view pattern,
                                const std::vector<std::string>& segments) {
    Parameters parameters;
    pattern.remove_prefix(1);
    for (const auto& segment : segments) {
        if (!fits(take_segment(pattern), segment, parameters)) {
            return std::nullopt;
        }
    }
    return pattern.empty() ? std::optional{std::move(parameters)} : std::nullopt;
}

/// A part of a query: percent-encoded, with `+` for a space.
std::string decoded(std::string_view text) {
    std::string with_spaces{text};
    std::ranges::replace(with_spaces, '+', ' ');
    auto decoded = percent_decoded(with_spaces);
    if (!decoded) {
        throw Error{Errc::invalid_argument, "a broken escape in the query"};
    }
    return *std::move(decoded);
}

}  // namespace

AdminRouter::AdminRouter(std::vector<AdminRoute> routes) : routes_{std::move(routes)} {
    std::ranges::stable_sort(routes_, std::ranges::greater{},
                             [](const AdminRoute& route) { return text_in(route.pattern); });
}

AdminRouter::Match AdminRouter::find(std::string_view method, std::string_view path) const {
    Match found;
    const auto segments = segments_of(without_context(path));
    if (!segments) {
        return found;
    }
    for (const auto& segment : *segments) {
        found.path += "/" + segment;
    }
    std::optional<std::size_t> best;
    const auto wanted = method == "HEAD" ? std::string_view{"GET"} : method;
    for (const auto& route : routes_) {
        auto parameters = match(route.pattern, *segments);
        if (!parameters) {
            continue;
        }
        if (!best) {
            best = text_in(route.pattern);
        }
        if (text_in(route.pattern) < *best) {
            break;  // the address is another one's
        }
        if (route.method == wanted) {
            found.route = &route;
            found.parameters = *std::move(parameters);
            return found;
        }
        note_allowed(found.allowed, route.method);
    }
    return found;
}

Parameters parse_query(std::string_view target) {
    Parameters fields;
    auto rest_of_query = target.substr(std::min(target.find('?'), target.size()));
    while (!rest_of_query.empty()) {
        rest_of_query.remove_prefix(1);
        const auto field = rest_of_query.substr(0, rest_of_query.find('&'));
        rest_of_query.remove_prefix(field.size());
        if (!field.empty()) {
            const auto equals = std::min(field.find('='), field.size());
            fields.emplace_back(decoded(field.substr(0, equals)),
                                decoded(field.substr(std::min(equals + 1, field.size()))));
        }
    }
    return fields;
}

}  // namespace offgrid
