#include "formats/tile/integer_format.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace offgrid {
namespace {

/// Wide enough for every number; a larger width in a configuration is a mistake.
constexpr int max_width = 64;

}  // namespace

IntegerFormat IntegerFormat::parse(std::string_view format) {
    const auto bad = [&] {
        return Error{
            Errc::invalid_argument,
            fmt::format("'{}' is not one integer format such as %d, %02d or %08x", format)};
    };
    const auto percent = format.find('%');
    if (percent == std::string_view::npos) {
        throw bad();
    }
    IntegerFormat parsed;
    parsed.before_ = format.substr(0, percent);
    auto rest = format.substr(percent + 1);
    if (rest.starts_with('0')) {
        parsed.pads_with_zero_ = true;
        rest.remove_prefix(1);
    }
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits > 0) {
        const auto width = parse_number<int>(rest.substr(0, digits));
        if (!width || *width > max_width) {
            throw bad();
        }
        parsed.width_ = *width;
        rest.remove_prefix(digits);
    }
    if (rest.empty() || std::string_view{"diuxX"}.find(rest.front()) == std::string_view::npos ||
        rest.substr(1).find('%') != std::string_view::npos) {
        throw bad();
    }
    parsed.base_ = rest.front() == 'x' || rest.front() == 'X' ? 16 : 10;
    parsed.is_upper_case_ = rest.front() == 'X';
    parsed.after_ = rest.substr(1);
    return parsed;
}

void IntegerFormat::append(std::string& out, std::int64_t value) const {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base_).ptr;
    const auto length = static_cast<int>(end - digits.data());
    out += before_;
    out.append(static_cast<std::size_t>(std::max(0, width_ - length)), pads_with_zero_ ? '0' : ' ');
    if (is_upper_case_) {
        std::transform(digits.data(), end, digits.data(),
                       [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    }
    out.append(digits.data(), end);
    out += after_;
}

bool IntegerFormat::has_one_width(std::int64_t largest) const {
    std::string narrow;
    std::string wide;
    append(narrow, 0);
    append(wide, largest);
    return narrow.size() == wide.size();
}

bool IntegerFormat::is_all_digits(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::optional<std::int64_t> IntegerFormat::match(std::string_view text) const {
    if (text.size() < before_.size() + after_.size() || !text.starts_with(before_) ||
        !text.ends_with(after_)) {
        return std::nullopt;
    }
    auto digits = text.substr(before_.size(), text.size() - before_.size() - after_.size());
    while (digits.size() > 1 && digits.front() == (pads_with_zero_ ? '0' : ' ')) {
        digits.remove_prefix(1);
    }
    std::int64_t value = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base_);
    if (failure != std::errc{} || end != digits.data() + digits.size() || value < 0) {
        return std::nullopt;
    }
    std::string rendered;
    append(rendered, value);
    // The same number written another way is no match.
    return rendered == text ? std::optional{value} : std::nullopt;
}

}  // namespace offgrid
