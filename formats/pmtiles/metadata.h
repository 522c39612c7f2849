#pragma once

#include "formats/base/bytes.h"
#include "formats/store/tile_store.h"

#include <string>

namespace offgrid::pmtiles {

/// What the metadata of a file says of its layer (PMTiles v3, "Metadata"). A value.
struct Metadata {
    std::string name{};
    std::string description{};
    std::string attribution{};
    std::string vector_layers{};  ///< of vector tiles: the JSON array of TileJSON 3.0
                                  ///< "vector_layers"; else empty
};

/// Read the metadata of any file: what is missing or of another type is empty, and so is what is no
/// JSON. Throws `too_large` for descriptions of vector layers that no layer needs.
Metadata parse_metadata(BytesView json);

/// The metadata of a new file, with `type` and `version` as MBTiles has them.
Bytes to_json(const StoreInfo& info);

}  // namespace offgrid::pmtiles
