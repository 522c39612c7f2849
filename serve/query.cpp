#include "serve/query.h"

#include "formats/base/text.h"
#include "serve/url.h"

#include <algorithm>

namespace offgrid {

Query::Query(const Request& request) {
    for (const auto& field : request.query) {
        const auto name = percent_decoded(field.name);
        auto value = percent_decoded(field.value);
        if (name && value) {
            fields_.emplace_back(lower_case(*name), *std::move(value));
        }
    }
}

const std::string* Query::find(std::string_view name) const {
    const auto found = std::ranges::find(
        fields_, name, [](const auto& field) { return std::string_view{field.first}; });
    return found == fields_.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace offgrid
