#include "serve/host_name.h"

#include "formats/base/error.h"
#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t max_host_bytes = 255;

constexpr bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
}

/// Without its port; an IPv6 address keeps its brackets.
std::string_view name_in(std::string_view host) {
    const auto end = host.starts_with('[') ? host.find(']') : host.find(':');
    if (end == std::string_view::npos) {
        return host;
    }
    return host.substr(0, host.starts_with('[') ? end + 1 : end);
}

bool is_path_character(char c) {
    return is_host_character(c) || std::string_view{"/~%!$&'()*+,;=@"}.find(c) != std::string::npos;
}

}  // namespace

bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= max_host_bytes &&
           std::ranges::all_of(host, is_host_character);
}

std::string public_base(std::string_view url) {
    const auto scheme = url.substr(0, url.find("://"));
    const bool has_scheme =
        equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https");
    const auto rest = has_scheme ? url.substr(scheme.size() + 3) : std::string_view{};
    const auto host = rest.substr(0, rest.find('/'));
    if (!is_host(host) || !std::ranges::all_of(rest, is_path_character)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' is no address like https://tiles.example.org/maps", url)};
    }
    auto base = fmt::format("{}://{}", lower_case(scheme), rest);
    while (base.ends_with('/')) {
        base.pop_back();
    }
    return base;
}

AllowedHosts::AllowedHosts(std::vector<std::string> names) : names_{std::move(names)} {
    for (auto& name : names_) {
        const std::string_view stem =
            name.starts_with("*.") ? std::string_view{name}.substr(2) : std::string_view{name};
        if (!is_host(stem) || name_in(stem) != stem) {
            throw Error{Errc::invalid_argument,
                        fmt::format("'{}' is no name of a host, without a port", name)};
        }
        name = lower_case(name);
    }
}

bool AllowedHosts::allows(std::string_view host) const {
    if (names_.empty()) {
        return true;
    }
    const auto name = name_in(host);
    return std::ranges::any_of(names_, [name](std::string_view allowed) {
        if (!allowed.starts_with("*.")) {
            return equals_ignoring_case(name, allowed);
        }
        const auto end = allowed.substr(1);
        return name.size() > end.size() &&
               equals_ignoring_case(name.substr(name.size() - end.size()), end);
    });
}

}  // namespace offgrid
