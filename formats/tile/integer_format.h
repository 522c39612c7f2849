#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// One printf integer format with text around it, such as MapCache's `x_fmt="%08d"`, taken apart so
/// that no configured text ever reaches printf. A value.
///
/// `%d`, `%i`, `%u`, `%x` or `%X`, with an optional `0` flag and width.
class IntegerFormat {
public:
    /// `%d`.
    IntegerFormat() = default;

    /// Throws `invalid_argument` naming the text when it is anything else.
    static IntegerFormat parse(std::string_view format);

    /// Append the value, which is not negative.
    void append(std::string& out, std::int64_t value) const;

    /// The value that the whole text shows, if this format writes it just so.
    std::optional<std::int64_t> match(std::string_view text) const;

    /// Whether all numbers from 0 to the largest come out equally wide.
    bool has_one_width(std::int64_t largest) const;

    /// The text around the number.
    const std::string& before() const { return before_; }
    const std::string& after() const { return after_; }

    /// Whether the text could belong to a number beside it, also when it is empty.
    static bool is_all_digits(std::string_view text);

private:
    std::string before_;
    std::string after_;
    int width_ = 0;
    int base_ = 10;
    bool pads_with_zero_ = false;
    bool is_upper_case_ = false;
};

}  // namespace offgrid
