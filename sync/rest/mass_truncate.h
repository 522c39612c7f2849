#pragma once

#include "formats/tile/box.h"
#include "sync/rest/tilesets.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// GeoWebCache's requests to remove tiles, by the names of their XML elements.
enum class MassTruncateKind {
    layer,       ///< truncateLayer
    parameters,  ///< truncateParameters
    orphans,     ///< truncateOrphans
    extent,      ///< truncateExtent
    all,         ///< truncateAll
};

inline constexpr std::array<std::string_view, 5> mass_truncate_names{
    "truncateLayer", "truncateParameters", "truncateOrphans", "truncateExtent", "truncateAll"};

/// One such request. A value.
struct MassTruncate {
    MassTruncateKind kind = MassTruncateKind::layer;
    std::string layer{};  ///< empty for `all`
    TilesetChoice choice{};
    std::optional<Box> bounds{};  ///< in the units of the grid set's SRS
};

/// Read a body in XML or JSON. Throws `invalid_argument` naming what is missing or wrong.
MassTruncate parse_mass_truncate(std::string_view body);

}  // namespace offgrid
