#include "serve/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace offgrid {
namespace {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    while (!text.empty()) {
        if (text.front() != '%') {
            decoded.push_back(text.front());
            text.remove_prefix(1);
            continue;
        }
        const auto digits = text.substr(1, 2);
        unsigned char byte = 0;
        const auto [rest, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (failure != std::errc{} || rest != text.data() + 3) {
            return std::nullopt;
        }
        decoded.push_back(static_cast<char>(byte));
        text.remove_prefix(3);
    }
    return decoded;
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded.push_back(c);
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return encoded;
}

std::string_view take_segment(std::string_view& text) {
    const auto slash = std::min(text.find('/'), text.size());
    const auto segment = text.substr(0, slash);
    text.remove_prefix(std::min(slash + 1, text.size()));
    return segment;
}

}  // namespace offgrid
