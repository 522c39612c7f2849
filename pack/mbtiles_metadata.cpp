#include "pack/mbtiles_metadata.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

/// The word of the MBTiles specification; it has none for a mixture, and readers look at the bytes
/// anyway.
std::string format_word(const Manifest& manifest) {
    return std::string{extension_of(manifest.format.value_or(TileFormat::png))};
}

}  // namespace

std::map<std::string, std::string> mbtiles_metadata(const Manifest& manifest, int min_zoom,
                                                    int max_zoom, const Box& bounds,
                                                    const Box& middle) {
    return {{"name", manifest.title},
            {"format", format_word(manifest)},
            {"bounds", bounds_text(bounds)},
            {"center", fmt::format("{:.7f},{:.7f},{}", (middle.min_x + middle.max_x) / 2,
                                   (middle.min_y + middle.max_y) / 2, min_zoom)},
            {"attribution", manifest.attribution},
            {"description", fmt::format("{}, zooms {} to {}", manifest.title, min_zoom, max_zoom)},
            {"type", manifest.format == TileFormat::jpeg ? "baselayer" : "overlay"},
            {"version", "1"}};
}

std::string bounds_text(const Box& bounds) {
    return fmt::format("{:.7f},{:.7f},{:.7f},{:.7f}", bounds.min_x, bounds.min_y, bounds.max_x,
                       bounds.max_y);
}

}  // namespace offgrid
