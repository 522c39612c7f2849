#pragma once

#include "formats/package/depot.h"
#include "sync/jobs/layer_sources.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// A layer of the depot, or one that is configured to be seeded, as GeoWebCache sees it: a part of
/// one of its layers, in one grid set and one format. A value.
struct Tileset {
    std::string name{};      ///< in the depot
    std::string layer{};     ///< of GeoWebCache
    std::string grid_set{};  ///< as GeoWebCache calls it
    std::string format{};    ///< media type; empty: not known before it is packed
    GridRef grid = &Grid::google_maps_compatible();
    std::optional<Manifest> installed{};  ///< nothing: it has never been packed
    bool is_seedable = false;             ///< it has sources
};

/// Which of a layer's tilesets are meant. Empty members: whichever.
struct TilesetChoice {
    std::string grid_set{};
    std::string srs_number{};  ///< `4326`
    std::string format{};
    std::string parameters_id{};  ///< of a set of request parameters, as file names have it
};

/// All layers of a moment by GeoWebCache's names: a layer `L` is the tileset `L` and all tilesets
/// `L@GRIDSET@EXT`. Immutable.
class Tilesets {
public:
    Tilesets(const Generation& generation, const LayerSources& sources);

    /// The names of the layers, sorted, each once.
    std::vector<std::string> layers() const;

    /// The tilesets of a layer, or the one of that name; none: there is no such layer.
    std::vector<Tileset> of(std::string_view layer) const;

    const std::vector<Tileset>& all() const { return tilesets_; }

private:
    std::vector<Tileset> tilesets_;
};

/// Those that are meant.
std::vector<Tileset> chosen(std::vector<Tileset> tilesets, const TilesetChoice& choice);

/// The name by which GeoWebCache knows a grid: `EPSG:4326` for WGS84.
std::string grid_set_name(const Grid& grid);

/// The built-in grid that GeoWebCache calls so, or null.
const Grid* grid_of_set(std::string_view grid_set);

}  // namespace offgrid
