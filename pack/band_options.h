#pragma once

#include "pack/source_info.h"

#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// How samples become 0 to 255. A value.
struct Stretch {
    enum class Kind {
        by_type,    ///< bytes as they are, all others as `automatic`
        none,       ///< as they are, cut to 0 to 255
        automatic,  ///< from 2 to 98 % of the values of all bands and sources together
        given,      ///< from `ranges`
    };

    Kind kind = Kind::by_type;
    std::vector<ValueRange> ranges{};  ///< one for all colours, or one for each

    friend bool operator==(const Stretch&, const Stretch&) = default;
};

/// What the user says of the bands of all sources. A value; nothing in it is what the sources say.
struct BandOptions {
    std::vector<int>
        bands{};  ///< grey; red, green, blue; or these and alpha. From 1; empty: chosen
    Stretch stretch{};

    /// Of pixels that are absent: one value for all colours, or one for each; empty: there are no
    /// such pixels; nothing: as the sources say.
    std::optional<std::vector<double>> nodata{};

    friend bool operator==(const BandOptions&, const BandOptions&) = default;
};

/// `N`, `R,G,B` or `R,G,B,A`. These three throw `invalid_argument`.
std::vector<int> parse_bands(const std::string& text);

/// `auto`, `none`, `MIN,MAX` or `MIN,MAX:MIN,MAX:MIN,MAX`.
Stretch parse_stretch(const std::string& text);

/// `none`, or `V[,V...]`, of which each may be `nan`.
std::vector<double> parse_nodata(const std::string& text);

/// Throws `invalid_argument` when no text could have said so.
void check(const BandOptions& options);

/// What `parse_stretch` and `parse_nodata` read as the same. REQUIRES: not `by_type`.
std::string to_text(const Stretch& stretch);
std::string nodata_text(const std::vector<double>& nodata);

}  // namespace offgrid
