#pragma once

#include "formats/tile/box.h"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::gwc {

/// The pairs of a Java properties file (java.util.Properties, "load"): comments, continued lines,
/// escapes. Bytes are kept as they are, `\uXXXX` becomes UTF-8. Of equal names the last counts.
/// Throws `invalid_argument` for a `\u` without four digits.
std::map<std::string, std::string> parse_properties(std::string_view text);

/// What a user says of a layer in a file of the folder `mbtilesMetadataDirectory`.
struct LayerProperties {
    enum class Type { overlay, base_layer };

    std::optional<std::string> attribution{};
    std::optional<std::string> description{};
    std::optional<std::string> version{};
    std::optional<Type> type{};
    std::optional<Box> bounds{};

    friend bool operator==(const LayerProperties&, const LayerProperties&) = default;
};

/// Throws `invalid_argument` for a property that is none: bounds that are no four numbers, an
/// unknown type, a zoom that is no integer. Zooms have no other use: those of the tiles count.
LayerProperties parse_layer_properties(std::string_view text);

/// The properties of each layer by its name as it stands in paths: those of `NAME.properties`, else
/// of `NAME.metadata`, as GeoWebCache's manual calls it. A folder that is not there has none. A
/// file that cannot be used is told to `warn`, and left out.
std::map<std::string, LayerProperties> load_layer_properties(
    const std::filesystem::path& folder,
    const std::function<void(const std::string& message)>& warn);

/// How the rows of a new file's table `metadata` are written.
enum class MetadataForm {
    spec,         ///< as MBTiles 1.3 wants them
    geowebcache,  ///< as GeoWebCache writes them: `jpeg`, `base_layer`, `json` with the text
                  ///< `null`, and no format for vector tiles
};

/// The rows of a file of the layer in that format (`image/png` …), without the zooms.
std::vector<std::pair<std::string, std::string>> metadata_rows(const std::string& layer,
                                                               std::string_view format,
                                                               const LayerProperties& properties,
                                                               MetadataForm form);

}  // namespace offgrid::gwc
