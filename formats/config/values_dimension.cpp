#include "formats/config/values_dimension.h"

#include <algorithm>

namespace offgrid::config {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::vector<std::string> ValuesDimension::resolve(std::string_view requested) const {
    const auto exact = std::ranges::find(values_, requested);
    if (exact != values_.end()) {
        return {*exact};
    }
    if (letters_ == LetterCase::counts) {
        return {};
    }
    const auto found = std::ranges::find_if(values_, [&](const std::string& value) {
        return std::ranges::equal(value, requested, {}, lower, lower);
    });
    return found == values_.end() ? std::vector<std::string>{} : std::vector{*found};
}

}  // namespace offgrid::config
