#pragma once

#include "serve/asset_folder.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What clients draw a layer with, in files beside its tiles: `style.json` (MapLibre style, version
/// 8), `sprite.json` and `sprite.png`, both also with `@2x`, and glyphs as
/// `fonts/{fontstack}/{start}-{end}.pbf`; README.md here says where these lie. A value; safe for
/// concurrent use.
struct LayerStyle {
    std::optional<AssetFolder> own{};           ///< the folder of the layer's own style
    std::optional<AssetFolder> own_fonts{};     ///< `fonts/` in it
    std::optional<AssetFolder> shared_fonts{};  ///< `fonts/` of the folder that is served
    bool has_style = false;  ///< there was a `style.json` when the layer was opened
};

/// The style of a package folder: `style/` in it. Null where there is neither that nor, in the
/// folder that is served, `fonts/`; where the package itself is what is served, that is empty.
std::shared_ptr<const LayerStyle> style_of_package(const std::filesystem::path& package,
                                                   const std::filesystem::path& served_folder = {});

/// The style of a single tile file: `NAME.style/` beside it. Null as above.
std::shared_ptr<const LayerStyle> style_of_file(const std::filesystem::path& file,
                                                const std::filesystem::path& served_folder = {});

/// The style of a layer in a depot, where the operator has put files for it: `styles/FOLDER/`,
/// where the folder is the one that the depot keeps the layer's files in. Null as above.
std::shared_ptr<const LayerStyle> style_in_depot(const std::filesystem::path& depot,
                                                 const std::string& folder);

/// Largest files that are read; real ones have a tenth of that.
inline constexpr std::uint64_t max_style_bytes = 4 << 20;
inline constexpr std::uint64_t max_sprite_bytes = 16 << 20;
inline constexpr std::uint64_t max_glyphs_bytes = 4 << 20;

/// The glyphs of the first of the fonts that has the range, `start` to `start + 255`, in the first
/// of the places that has it; nothing where none has. The names of fonts need not be sane.
std::optional<Bytes> find_glyphs(const std::vector<AssetFolder>& places,
                                 const std::vector<std::string>& fonts, int start);

}  // namespace offgrid
