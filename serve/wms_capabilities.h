#pragma once

#include "serve/get_map.h"
#include "serve/layer_set.h"

#include <string>
#include <string_view>

namespace offgrid {

/// What a client has to know of the service.
struct WmsCapabilities {
    /// WMS-C's TileSet elements, for whom `tiled=true` asks; of 1.1.1 alone.
    enum class TileSets { none, listed };

    WmsVersion version = WmsVersion::v1_3_0;
    TileSets tile_sets = TileSets::none;
    MapLimits limits{};
};

/// The capabilities of 1.1.1 (OGC 01-068r3, annex A.1) or 1.3.0 (OGC 06-042, annex E.1): every
/// layer of the catalogue that is drawn, in the reference systems of its grids, its boxes with the
/// axes in the order of that version. WMS-C's tile sets are those of OSGeo's "WMS Tile Caching".
/// The address of the service is left open, as ServiceDocument has it.
std::string wms_capabilities(const LayerSet& layers, const WmsCapabilities& wanted);

/// The media type of the document.
std::string_view capabilities_media_type(WmsVersion version);

}  // namespace offgrid
