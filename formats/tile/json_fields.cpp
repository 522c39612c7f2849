#include "formats/tile/json_fields.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace offgrid {

using Json = nlohmann::ordered_json;

JsonFields::JsonFields(const Json& object, std::string where)
    : object_{object}, where_{std::move(where)} {
    if (!object.is_object()) {
        throw bad("it is no object");
    }
}

Error JsonFields::bad(const std::string& what) const {
    return Error{Errc::corrupt, fmt::format("{}: {}", where_, what)};
}

const Json* JsonFields::find(const char* name, const char* older) const {
    auto found = object_.find(name);
    if (found == object_.end() && older != nullptr) {
        found = object_.find(older);
    }
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const Json& JsonFields::require(const char* name, const char* older) const {
    const auto* const value = find(name, older);
    if (value == nullptr) {
        throw bad(fmt::format("no field '{}'", name));
    }
    return *value;
}

double JsonFields::positive(const char* name, double most) const {
    const auto& value = require(name);
    const double number = value.is_number() ? value.get<double>() : 0;
    if (!(number > 0 && number <= most)) {
        throw bad(fmt::format("'{}' is no number above 0 and up to {:.10g}", name, most));
    }
    return number;
}

std::int64_t JsonFields::count(const char* name, double most) const {
    const double number = positive(name, most);
    if (number != std::floor(number)) {
        throw bad(fmt::format("'{}' is no whole number", name));
    }
    return static_cast<std::int64_t>(number);
}

std::array<double, 2> JsonFields::pair(const char* name, const char* older, double most) const {
    const auto& value = require(name, older);
    const auto is_near = [&](const Json& each) {
        return each.is_number() && std::abs(each.get<double>()) <= most;
    };
    if (!value.is_array() || value.size() != 2 || !std::ranges::all_of(value, is_near)) {
        throw bad(fmt::format("'{}' is not two coordinates", name));
    }
    return {value[0].get<double>(), value[1].get<double>()};
}

std::string JsonFields::text(const char* name, const char* older, std::size_t most) const {
    const auto* const value = find(name, older);
    if (value == nullptr) {
        return {};
    }
    if (!value->is_string() || value->get_ref<const std::string&>().size() > most) {
        throw bad(fmt::format("'{}' is no text of up to {} bytes", name, most));
    }
    return value->get<std::string>();
}

}  // namespace offgrid
