#pragma once

#include "formats/image/image.h"
#include "formats/store/tile_store.h"
#include "pack/pack.h"
#include "tests/support/temp_folder.h"

#include <gdal_priv.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::test {

/// A raster to be written: where it lies and what each sample is.
struct Raster {
    int width = 256;
    int height = 256;
    int bands = 3;
    GDALDataType type = GDT_Byte;
    std::string srs = "EPSG:3857";  ///< empty: none
    std::optional<Box> box =
        Box{0, 0, 100'000, 100'000};  ///< in units of the SRS; nothing: no georeferencing
    std::function<double(int x, int y, int band)> value = [](int x, int y, int band) {
        return band == 1 ? x % 256 : band == 2 ? y % 256 : 128;
    };
    std::optional<double> nodata{};
    bool has_alpha = false;                      ///< the last band
    std::function<double(int x, int y)> mask{};  ///< written as an internal mask
    std::vector<std::array<short, 4>> palette{};
    std::vector<std::string> options{"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"};
};

/// Write the raster as a GeoTIFF. Returns its name.
std::string write_tiff(const std::filesystem::path& path, const Raster& raster);

/// A raster whose pixels are those of the tiles of the range.
Raster raster_on(const TileRange& tiles);

/// Pack with what the tests always pass.
PackResult pack_quietly(const PackOptions& options);

/// The tiles of a package that was packed.
class PackedTiles {
public:
    explicit PackedTiles(const std::filesystem::path& package);
    ~PackedTiles();

    std::optional<Tile> get(const TileKey& key) const;

    /// The decoded tile. Fails the test when it is absent.
    Image image(const TileKey& key) const;

private:
    struct Open;
    std::unique_ptr<Open> open_;
};

/// Any image that GDAL decodes, as pixels.
Image decode(const Bytes& content);

using Pixel = std::array<int, 4>;
Pixel pixel_at(const Image& image, int x, int y);

/// Every file below the folder: name and content.
std::vector<std::pair<std::string, std::string>> contents(const std::filesystem::path& folder);

}  // namespace offgrid::test
