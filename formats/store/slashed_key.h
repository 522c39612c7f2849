#pragma once

#include "formats/tile/path_template.h"

#include <algorithm>
#include <string_view>

namespace offgrid {

/// What the templates of MapCache's keys are: one tile a key, values of dimensions joined.
inline PathTemplateOptions key_template_options() {
    return {.xcount = 1,
            .ycount = 1,
            .dimension_text = DimensionText::joined,
            .has_one_key_per_axis = true};
}

/// The key of a tile in MapCache's stores memcache, redis and riak, where the configuration gives
/// none.
inline const char* slashed_key(const PathValues& values) {
    return values.dimensions.empty() ? "{tileset}/{grid}/{z}/{y}/{x}/{ext}"
                                     : "{tileset}/{grid}/{dim}/{z}/{y}/{x}/{ext}";
}

/// The values as they stand in such keys: white space and control characters become `#`. MapCache
/// 1.14 cleans the text of all dimensions only where there is one.
inline PathValues without_white_space(PathValues values) {
    if (values.dimensions.size() == 1) {
        constexpr std::string_view unwelcome = " \r\n\t\f\x1b\a\b";
        std::ranges::replace_if(
            values.dimensions.front().second,
            [&](char c) { return unwelcome.find(c) != std::string_view::npos; }, '#');
    }
    return values;
}

}  // namespace offgrid
