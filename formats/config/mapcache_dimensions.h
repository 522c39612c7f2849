#pragma once

#include "formats/config/declarations.h"

namespace offgrid::config {

/// What a dimension that asks a database tells it about the tileset: its name, and the first of its
/// grids.
struct DimensionScope {
    std::string tileset{};
    const Grid* grid = nullptr;
};

/// Read a `<dimension>`. Null for a type that nothing here can ask (`postgresql`,
/// `elasticsearch`): its tileset is left out.
std::unique_ptr<const Dimension> parse_dimension(const XmlElement& element,
                                                 const DimensionScope& scope, Notes& notes);

}  // namespace offgrid::config
