#pragma once

#include "formats/tile/box.h"
#include "formats/tile/tile_format.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

namespace gdal {
class BlockSource;
}  // namespace gdal

/// A range of sample values that is stretched to 0 to 255. A value.
struct ValueRange {
    double low = 0;
    double high = 255;

    friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

/// How the bands of a source become red, green, blue and alpha. Bands count from 1. A value.
struct BandPlan {
    std::vector<int> colours;  ///< three bands, or one of grey or palette
    std::vector<std::optional<double>>
        nodata;               ///< for each of `colours`; a pixel is absent where all match
    int alpha = 0;            ///< 0: none
    double alpha_max = 255;   ///< opaque
    bool has_mask = false;    ///< a mask that GDAL keeps beside the bands
    bool is_byte = true;      ///< samples are 0 to 255 as they are
    bool may_be_nan = false;  ///< samples are floating point numbers
    std::optional<std::array<std::uint32_t, 256>> palette;  ///< pixels as Image keeps them
    int unused = 0;                                         ///< bands that are not shown

    bool is_opaque() const;
};

/// A source whose pixel columns and rows depend on one coordinate each: north is up (or down) in
/// the SRS of the grid, or in degrees. A value.
struct StraightMapping {
    double origin_x = 0;
    double origin_y = 0;
    double step_x = 1;  ///< units a pixel
    double step_y = 1;
    bool is_lonlat = false;  ///< degrees while the grid is not
};

/// What is known of a source before it is packed. A value, shared by the threads that read it.
struct SourceInfo {
    std::string name{};
    int width = 0;
    int height = 0;
    BandPlan bands{};
    std::optional<StraightMapping> straight{};  ///< nothing: GDAL transforms
    std::vector<Box> covers{};  ///< in the units of the grid; two where it crosses the antimeridian
    double resolution = 0;      ///< units of the grid a pixel, where it is finest
    std::int64_t time = 0;      ///< when it was taken, or its file changed: seconds since 1970

    /// Of the samples of red, green and blue (of grey: the first); nothing: bytes as they are.
    std::optional<std::array<ValueRange, 3>> stretch{};

    /// What reads it; null: GDAL, by its name.
    std::shared_ptr<const gdal::BlockSource> blocks{};
    std::optional<TileFormat> tile_format{};  ///< of a store of tiles, where it has one
};

}  // namespace offgrid
