#pragma once

#include "formats/base/error.h"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace offgrid {

/// The fields of a JSON object that comes from anywhere. Each failure is `corrupt` and says what of
/// what is wrong. The object is borrowed.
class JsonFields {
public:
    /// `where` names the object in messages: "level 3".
    JsonFields(const nlohmann::ordered_json& object, std::string where);

    const std::string& where() const { return where_; }

    /// The field of that name, else of the older one; null: there is neither.
    const nlohmann::ordered_json* find(const char* name, const char* older = nullptr) const;
    const nlohmann::ordered_json& require(const char* name, const char* older = nullptr) const;

    /// A number above 0 and up to `most`.
    double positive(const char* name, double most) const;

    /// The same, a whole one.
    std::int64_t count(const char* name, double most) const;

    /// Two numbers as far from 0 as `most`.
    std::array<double, 2> pair(const char* name, const char* older, double most) const;

    /// Text of so many bytes; empty where there is none.
    std::string text(const char* name, const char* older, std::size_t most) const;

    Error bad(const std::string& what) const;

private:
    const nlohmann::ordered_json& object_;
    std::string where_;
};

}  // namespace offgrid
