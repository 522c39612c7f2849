#pragma once

#include <algorithm>

namespace offgrid {

/// A rectangle in the units of some reference system; x grows to the east, y to the north. A value.
struct Box {
    double min_x = 0;
    double min_y = 0;
    double max_x = 0;
    double max_y = 0;

    double width() const { return max_x - min_x; }
    double height() const { return max_y - min_y; }
    bool is_empty() const { return !(min_x < max_x && min_y < max_y); }

    friend bool operator==(const Box&, const Box&) = default;
};

inline Box intersection(const Box& a, const Box& b) {
    return {std::max(a.min_x, b.min_x), std::max(a.min_y, b.min_y), std::min(a.max_x, b.max_x),
            std::min(a.max_y, b.max_y)};
}

/// The smallest box that holds both.
inline Box hull(const Box& a, const Box& b) {
    return {std::min(a.min_x, b.min_x), std::min(a.min_y, b.min_y), std::max(a.max_x, b.max_x),
            std::max(a.max_y, b.max_y)};
}

}  // namespace offgrid
