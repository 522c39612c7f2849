#include "tests/pack/rasters.h"

#include "formats/package/package_reader.h"
#include "pack/gdal_error.h"

#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gtest/gtest.h>
#include <ogr_spatialref.h>

#include <atomic>
#include <stdexcept>

namespace offgrid::test {
namespace {

void require(bool is_true, const char* what) {
    if (!is_true) {
        throw std::runtime_error{what};
    }
}

void write_band(GDALDataset& dataset, const Raster& raster, int number) {
    auto& band = *dataset.GetRasterBand(number);
    std::vector<double> row(static_cast<std::size_t>(raster.width));
    for (int y = 0; y < raster.height; ++y) {
        for (int x = 0; x < raster.width; ++x) {
            row[static_cast<std::size_t>(x)] = raster.value(x, y, number);
        }
        require(band.RasterIO(GF_Write, 0, y, raster.width, 1, row.data(), raster.width, 1,
                              GDT_Float64, 0, 0, nullptr) == CE_None,
                "cannot write the raster");
    }
}

void write_mask(GDALDataset& dataset, const Raster& raster) {
    require(dataset.CreateMaskBand(GMF_PER_DATASET) == CE_None, "no mask");
    auto& band = *dataset.GetRasterBand(1)->GetMaskBand();
    for (int y = 0; y < raster.height; ++y) {
        for (int x = 0; x < raster.width; ++x) {
            auto value = static_cast<std::uint8_t>(raster.mask(x, y));
            require(band.RasterIO(GF_Write, x, y, 1, 1, &value, 1, 1, GDT_Byte, 0, 0, nullptr) ==
                        CE_None,
                    "cannot write the mask");
        }
    }
}

void place(GDALDataset& dataset, const Raster& raster) {
    if (raster.box) {
        double geotransform[6] = {raster.box->min_x,
                                  raster.box->width() / raster.width,
                                  0,
                                  raster.box->max_y,
                                  0,
                                  -raster.box->height() / raster.height};
        dataset.SetGeoTransform(geotransform);
    }
    if (!raster.srs.empty()) {
        OGRSpatialReference srs;
        require(srs.SetFromUserInput(raster.srs.c_str()) == OGRERR_NONE, "no such SRS");
        srs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        dataset.SetSpatialRef(&srs);
    }
}

}  // namespace

std::string write_tiff(const std::filesystem::path& path, const Raster& raster) {
    gdal::prepare();
    CPLSetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES");
    CPLStringList options;
    for (const auto& option : raster.options) {
        options.AddString(option.c_str());
    }
    if (raster.has_alpha) {
        options.AddString("ALPHA=YES");
    }
    auto* const driver = GetGDALDriverManager()->GetDriverByName("GTiff");
    const gdal::Dataset dataset{driver->Create(path.c_str(), raster.width, raster.height,
                                               raster.bands, raster.type, options.List())};
    require(dataset != nullptr, "cannot create the raster");
    place(*dataset, raster);
    if (!raster.palette.empty() && raster.has_alpha) {
        dataset->GetRasterBand(1)->SetColorInterpretation(GCI_PaletteIndex);
    }
    if (!raster.palette.empty()) {
        GDALColorTable table;
        for (std::size_t i = 0; i < raster.palette.size(); ++i) {
            const auto& [red, green, blue, alpha] = raster.palette[i];
            const GDALColorEntry entry{red, green, blue, alpha};
            table.SetColorEntry(static_cast<int>(i), &entry);
        }
        dataset->GetRasterBand(1)->SetColorTable(&table);
    }
    for (int band = 1; band <= raster.bands; ++band) {
        if (raster.nodata) {
            dataset->GetRasterBand(band)->SetNoDataValue(*raster.nodata);
        }
        write_band(*dataset, raster, band);
    }
    if (raster.mask) {
        write_mask(*dataset, raster);
    }
    return path.string();
}

Raster raster_on(const TileRange& tiles) {
    Raster raster;
    raster.width = static_cast<int>(tiles.max_x - tiles.min_x) * 256;
    raster.height = static_cast<int>(tiles.max_y - tiles.min_y) * 256;
    raster.box = Grid::google_maps_compatible().box_of(tiles);
    return raster;
}

PackResult pack_quietly(const PackOptions& options) {
    const std::atomic<bool> is_stopped{false};
    return pack(options, {.files = posix_file_ops(), .is_stopped = is_stopped});
}

struct PackedTiles::Open {
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
    std::unique_ptr<TileReader> reader;
};

PackedTiles::PackedTiles(const std::filesystem::path& package) : open_{std::make_unique<Open>()} {
    const auto locate = [&](const PackageFile& file) { return package / file.name; };
    open_->reader = open_package(read_manifest(package), locate, *open_->pool);
}

PackedTiles::~PackedTiles() = default;

std::optional<Tile> PackedTiles::get(const TileKey& key) const {
    return open_->reader->get(key);
}

Image PackedTiles::image(const TileKey& key) const {
    const auto tile = get(key);
    if (!tile) {
        ADD_FAILURE() << "no tile " << key.z << "/" << key.x << "/" << key.y;
        return {256, 256};
    }
    return decode(tile->content);
}

Image decode(const Bytes& content) {
    gdal::prepare();
    const char* const name = "/vsimem/tile";
    auto copy = content;
    VSIFCloseL(VSIFileFromMemBuffer(name, copy.data(), copy.size(), FALSE));
    const gdal::Dataset dataset{GDALDataset::Open(name, GDAL_OF_RASTER)};
    require(dataset != nullptr, "not an image");
    Image image{dataset->GetRasterXSize(), dataset->GetRasterYSize()};
    std::ranges::fill(image.rgba, std::uint8_t{255});
    const auto read = [&](int band, int channel) {
        require(dataset->GetRasterBand(band)->RasterIO(
                    GF_Read, 0, 0, image.width, image.height, image.rgba.data() + channel,
                    image.width, image.height, GDT_Byte, 4, static_cast<GSpacing>(image.stride()),
                    nullptr) == CE_None,
                "not a sound image");
    };
    const int bands = dataset->GetRasterCount();
    const bool is_grey = bands < 3;
    for (int channel = 0; channel < 3; ++channel) {
        read(is_grey ? 1 : channel + 1, channel);
    }
    if (bands == 2 || bands == 4) {
        read(bands, 3);
    }
    if (const auto* const palette = dataset->GetRasterBand(1)->GetColorTable()) {
        for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
            const auto& entry = *palette->GetColorEntry(image.rgba[i]);
            const short channels[] = {entry.c1, entry.c2, entry.c3, entry.c4};
            std::ranges::transform(channels, image.rgba.begin() + static_cast<std::ptrdiff_t>(i),
                                   [](short value) { return static_cast<std::uint8_t>(value); });
        }
    }
    return image;
}

Pixel pixel_at(const Image& image, int x, int y) {
    const auto* const pixel = image.row(y) + 4 * x;
    return {pixel[0], pixel[1], pixel[2], pixel[3]};
}

std::vector<std::pair<std::string, std::string>> contents(const std::filesystem::path& folder) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& name : names_below(folder)) {
        all.emplace_back(name, name.ends_with('/') ? "" : read_text(folder / name));
    }
    return all;
}

}  // namespace offgrid::test
