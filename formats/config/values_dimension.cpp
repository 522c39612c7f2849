#include "formats/config/values_dimension.h"

#include "formats/base/text.h"
#include "formats/config/xml_element.h"

#include <algorithm>

namespace offgrid::config {

std::vector<std::string> ValuesDimension::resolve(std::string_view requested) const {
    const auto is_listed = std::ranges::any_of(values_, [&](const std::string& value) {
        return letters_ == LetterCase::counts ? value == requested
                                              : equals_ignoring_case(value, requested);
    });
    return is_listed ? std::vector{std::string{requested}} : std::vector<std::string>{};
}

}  // namespace offgrid::config
