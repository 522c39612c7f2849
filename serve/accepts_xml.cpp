#include "serve/accepts_xml.h"

#include "formats/base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace offgrid {
namespace {

/// Take what stands before the separator off the text, and the separator.
std::string_view take_part(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trimmed(part);
}

/// Whether the parameters say that it is not wanted: `q=0`, `q=0.0` …
bool is_refused(std::string_view parameters) {
    while (!parameters.empty()) {
        const auto parameter = take_part(parameters, ';');
        if (parameter.starts_with("q=0") &&
            parameter.find_first_not_of("0.", 2) == std::string_view::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool accepts_xml(std::string_view accept) {
    constexpr std::array<std::string_view, 5> of_xml{"*/*", "application/*", "application/xml",
                                                     "text/*", "text/xml"};
    if (trimmed(accept).empty()) {
        return true;
    }
    while (!accept.empty()) {
        auto range = take_part(accept, ',');
        const auto type = lower_case(take_part(range, ';'));
        if (std::ranges::count(of_xml, std::string_view{type}) > 0 && !is_refused(range)) {
            return true;
        }
    }
    return false;
}

}  // namespace offgrid
