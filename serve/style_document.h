#pragma once

#include <string>
#include <string_view>

namespace offgrid {

/// What a layer's tiles are to a style.
enum class StyleTiles { vector, raster };

/// Addresses that stand in a style in place of those that its author used.
struct StyleAddresses {
    StyleTiles tiles = StyleTiles::vector;
    std::string tilejson{};
    std::string sprite{};  ///< without `.json`, `.png` or `@2x`; empty: there is none
    std::string glyphs{};  ///< with `{fontstack}` and `{range}`; empty: there are none
};

/// The style (MapLibre style specification, version 8) with our addresses in place of all others.
///
/// Every source of the kind that the layer's tiles are becomes the layer; of others only GeoJSON
/// that stands in the style stays, and what is drawn from a source that goes, goes too. Root
/// members that are not known here, of which some name other styles or fonts to be fetched, are
/// left out, and any text that a client could take for an address becomes empty.
///
/// Throws `corrupt` for what is no style: no JSON in UTF-8, nested deeper than 64, no object.
std::string rewritten_style(std::string_view style, const StyleAddresses& addresses);

/// Whether a client might take the text for an address of another host, a file, or content in
/// itself, as the URL standard of the WHATWG reads it: what stands in front and between is skipped,
/// and a backslash is a slash.
bool looks_like_address(std::string_view text);

}  // namespace offgrid
