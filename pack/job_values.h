#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace offgrid {

// How `parse_job` reads the values of members. All throw `invalid_argument`, naming the member.

using JobJson = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& member, const std::string& cause);

/// A whole number from the lowest to the highest.
int number_of(const JobJson& json, const std::string& member, int lowest, int highest);

/// A text without a zero byte.
bool is_text(const JobJson& json);

/// A whole number that 64 bits hold.
bool is_whole(const JobJson& json);

/// Whether the value can be read as the type without changing it: `true` is no number, and 1.5 no
/// whole one.
template <typename Value>
bool is_a(const JobJson& json) {
    if constexpr (std::is_same_v<Value, bool>) {
        return json.is_boolean();
    } else if constexpr (std::is_integral_v<Value>) {
        return is_whole(json) && std::in_range<Value>(json.get<std::int64_t>());
    } else if constexpr (std::is_arithmetic_v<Value>) {
        return json.is_number();
    } else if constexpr (std::is_same_v<Value, std::string>) {
        return is_text(json);
    } else {
        return json.is_array() && std::ranges::all_of(json, is_a<typename Value::value_type>);
    }
}

/// What a value of the type is called.
template <typename Value>
constexpr const char* kind_of() {
    if constexpr (std::is_same_v<Value, bool>) {
        return "true or false";
    } else if constexpr (std::is_integral_v<Value>) {
        return "a whole number";
    } else if constexpr (std::is_arithmetic_v<Value>) {
        return "a number";
    } else if constexpr (std::is_same_v<Value, std::string>) {
        return "a text";
    } else if constexpr (std::is_arithmetic_v<typename Value::value_type>) {
        return "a list of numbers";
    } else {
        return "a list of texts";
    }
}

template <typename Value>
Value value_of(const JobJson& json, const std::string& member) {
    if (!is_a<Value>(json)) {
        refuse(member, fmt::format("is not {}", kind_of<Value>()));
    }
    return json.get<Value>();
}

/// The value that a word stands for.
template <typename Value>
Value word_of(const std::map<std::string, Value>& words, const JobJson& json,
              const std::string& member) {
    const auto found = words.find(value_of<std::string>(json, member));
    if (found == words.end()) {
        std::vector<std::string> known;
        std::ranges::transform(words, std::back_inserter(known),
                               &std::pair<const std::string, Value>::first);
        refuse(member, fmt::format("is not one of {}", fmt::join(known, ", ")));
    }
    return found->second;
}

}  // namespace offgrid
