#include "formats/http/url.h"

#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid::http {
namespace {

/// RFC 3986, section 2.3. Not isalnum, which heeds the locale.
bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

void append_escaped(std::string& text, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
}

}  // namespace

std::string encode_url(std::string_view url) {
    const auto parts = parts_of(url);
    const auto begin_of_path = static_cast<std::size_t>(parts.path.data() - url.data());
    std::string encoded{url.substr(0, begin_of_path)};
    encoded.reserve(url.size() + 16);
    for (const char c : url.substr(begin_of_path)) {
        if (is_unreserved(c) || c == '/') {
            encoded += c;
        } else if (c == ' ') {
            encoded += '+';
        } else {
            append_escaped(encoded, c);
        }
    }
    return encoded;
}

std::string encode_url_keeping_query(std::string_view url) {
    const auto mark = std::min(url.find('?'), url.size());
    auto encoded = encode_url(url.substr(0, mark));
    constexpr std::string_view allowed = "!$&'()*+,;=:@/?%";  // % is of what is encoded already
    for (const char c : url.substr(mark)) {
        if (is_unreserved(c) || allowed.find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            append_escaped(encoded, c);
        }
    }
    return encoded;
}

std::string encode_segment(std::string_view text) {
    std::string encoded;
    encoded.reserve(text.size() + 16);
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded += c;
        } else {
            append_escaped(encoded, c);
        }
    }
    return encoded;
}

UrlParts parts_of(std::string_view url) {
    UrlParts parts;
    const auto colon = url.find("://");
    if (colon != std::string_view::npos) {
        parts.scheme = url.substr(0, colon);
        url.remove_prefix(colon + 3);
    }
    const auto slash = std::min(url.find('/'), url.size());
    parts.authority = url.substr(0, slash);
    url.remove_prefix(slash);
    parts.path = url.substr(0, url.find('?'));
    return parts;
}

std::string host_of(const UrlParts& url) {
    const auto at = url.authority.rfind('@');
    auto host = at == std::string_view::npos ? url.authority : url.authority.substr(at + 1);
    const std::string_view port = equals_ignoring_case(url.scheme, "https") ? ":443" : ":80";
    if (host.ends_with(port)) {
        host.remove_suffix(port.size());
    }
    return std::string{host};
}

bool is_same_origin(std::string_view one, std::string_view other) {
    const auto a = parts_of(one);
    const auto b = parts_of(other);
    return equals_ignoring_case(a.scheme, b.scheme) && equals_ignoring_case(host_of(a), host_of(b));
}

std::string shown_url(std::string_view url) {
    const auto parts = parts_of(url);
    // In a path from a template the `?` of an intended query is encoded.
    return fmt::format("{}://{}{}", parts.scheme, host_of(parts),
                       parts.path.substr(0, parts.path.find("%3F")));
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        const auto segment = path.substr(0, slash);
        if (segment == "." || segment == "..") {
            return true;
        }
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return false;
}

}  // namespace offgrid::http
