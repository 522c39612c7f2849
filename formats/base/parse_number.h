#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace offgrid {

/// The number that the whole text spells in decimal, or nothing: no sign but a leading minus, no
/// space, no rest.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || rest != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace offgrid
