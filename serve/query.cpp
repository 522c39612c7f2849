#include "serve/query.h"

#include "formats/base/text.h"
#include "serve/url.h"

#include <algorithm>

namespace offgrid {

std::optional<Query> Query::parse(const Request& request) {
    Query query;
    for (const auto& field : request.query) {
        const auto name = percent_decoded(field.name);
        auto value = percent_decoded(field.value);
        if (!name || !value) {
            return std::nullopt;
        }
        query.fields_.emplace_back(lower_case(*name), *std::move(value));
    }
    return query;
}

const std::string* Query::find(std::string_view name) const {
    const auto found = std::ranges::find(
        fields_, name, [](const auto& field) { return std::string_view{field.first}; });
    return found == fields_.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace offgrid
