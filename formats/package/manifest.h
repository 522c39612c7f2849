#pragma once

#include "formats/base/bytes.h"
#include "formats/package/file_list.h"
#include "formats/package/package_file.h"
#include "formats/tile/box.h"
#include "formats/tile/grid_ref.h"
#include "formats/tile/path_template.h"
#include "formats/tile/tile_format.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// A set of files that share the zooms `min_zoom` to `max_zoom` and are named by one template.
struct Pyramids {
    int min_zoom = 0;
    int max_zoom = 0;
    std::string names{};  ///< text of a PathTemplate; {tileset} is the layer
    PathTemplateOptions options{};

    friend bool operator==(const Pyramids&, const Pyramids&) = default;
};

/// What a package holds: the content of its `manifest.json`. A value that is cheap to copy however
/// many files it has. The format is written down in README.md here.
struct Manifest {
    std::string layer{};  ///< what clients ask for by name; see `is_layer_name`
    std::string title{};
    std::string attribution{};
    GridRef grid = &Grid::google_maps_compatible();  ///< a built-in one, or of any other name
    std::optional<TileFormat> format{};              ///< nothing: mixed
    int min_zoom = 0;
    int max_zoom = 0;
    Box bounds{};                      ///< longitude and latitude degrees
    std::vector<Pyramids> pyramids{};  ///< first match by zoom holds a tile
    FileList files{};                  ///< each named by one of the pyramids

    const PackageFile* find(std::string_view name) const { return files.find(name); }

    /// The pyramids that hold the zoom, or null.
    const Pyramids* pyramids_of(int zoom) const;

    friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// The name of the manifest in a package folder.
inline constexpr std::string_view manifest_name = "manifest.json";

/// The largest manifest that is read: 65 536 files at 200 bytes, with room.
inline constexpr std::uint64_t max_manifest_bytes = 64 << 20;

/// Read a manifest from its JSON. Throws `corrupt` naming the field for anything but a sane
/// manifest: names are contained (`is_contained_name`), sorted and unique, zooms are in the grid,
/// templates parse. Throws `unsupported` for another version, and for a grid that nothing here has.
Manifest parse_manifest(std::string_view json);

/// The manifest as JSON, the same bytes for the same manifest. Throws `invalid_argument` where
/// nothing could read it: for a grid that has the name of a built-in one and is another.
std::string to_json(const Manifest& manifest);

/// Whether a layer may have this name: 1 to 128 bytes of UTF-8 text without control characters, `/`
/// and `\`, and neither "." nor "..".
bool is_layer_name(std::string_view name);

/// Whether a relative file name stays inside the folder that it is resolved in, on any system: no
/// empty, `.` or `..` part, no leading `/`, no `\`, no `:` drive, no control character, at most
/// 1024 bytes, at most 180 a part.
bool is_contained_name(std::string_view name);

}  // namespace offgrid
