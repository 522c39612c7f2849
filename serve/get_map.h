#pragma once

#include "formats/image/encoding.h"
#include "formats/tile/box.h"
#include "serve/query.h"
#include "serve/wms_exception.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace offgrid {

/// What a GetMap may ask for at most.
struct MapLimits {
    int max_side = 2048;          ///< pixels, either way; MapCache's `<maxsize>`
    std::size_t max_layers = 16;  ///< in one picture
};

/// A GetMap of WMS 1.1.1 or 1.3.0, understood but not yet looked up. A value.
struct GetMap {
    WmsVersion version = WmsVersion::v1_3_0;
    std::vector<std::string> layers{};  ///< at least one; the first lies lowest
    std::string srs{};                  ///< as the client spelt it
    Box box{};                          ///< east then north, whatever the version; not empty
    int width = 0;
    int height = 0;
    Encoding encoding = Encoding::png;
    bool is_transparent = false;
    std::array<std::uint8_t, 3> background{255, 255, 255};
    bool is_tiled = false;  ///< WMS-C: it has to be one tile of the grid
};

/// The media type of a picture.
std::string_view media_type_of(Encoding encoding);

/// The version in which a request is answered (OGC 06-042, section 6.2.4), one without VERSION as
/// its other fields show.
WmsVersion wms_version(const Query& query);

/// The picture that a client wants instead of words on what is wrong (EXCEPTIONS), of which no more
/// is understood than size, format and background; nothing where it wants words, or where these are
/// wrong. INIMAGE is taken for BLANK: there is nothing here that writes text into pictures.
std::optional<GetMap> blank_map(const Query& query, const MapLimits& limits);

/// Read a GetMap. What is not in a field is what the standards have for it; FORMAT, SRS or CRS,
/// BBOX, WIDTH, HEIGHT and LAYERS have to be there.
std::variant<GetMap, WmsFailure> parse_get_map(const Query& query, const MapLimits& limits);

}  // namespace offgrid
