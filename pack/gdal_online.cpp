#include "pack/gdal_online.h"

#include "formats/base/error.h"

#include <cpl_string.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

namespace offgrid::gdal {
namespace {

constexpr std::string_view wmts_prefix = "WMTS:";

PixelBlocks::Shape shape_of(GDALDataset& dataset) {
    auto& first = *dataset.GetRasterBand(1);
    PixelBlocks::Shape shape{.width = dataset.GetRasterXSize(), .height = dataset.GetRasterYSize()};
    first.GetBlockSize(&shape.block_width, &shape.block_height);
    shape.pixel_bytes =
        static_cast<std::size_t>(dataset.GetRasterCount()) *
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(first.GetRasterDataType()));
    return shape;
}

std::string escaped(const std::string& text) {
    const std::unique_ptr<char, void (*)(void*)> result{
        CPLEscapeString(text.c_str(), static_cast<int>(text.size()), CPLES_XML), &VSIFree};
    return result.get();
}

/// `WMTS:URL[,NAME=VALUE…]` as GDAL describes it in XML.
std::string wmts_description(const std::string& name) {
    const std::map<std::string, const char*> elements{
        {"layer", "Layer"},
        {"tilematrixset", "TileMatrixSet"},
        {"tilematrix", "TileMatrix"},
        {"zoom_level", "ZoomLevel"},
        {"zoomlevel", "ZoomLevel"},
        {"style", "Style"},
        {"extendbeyonddateline", "ExtendBeyondDateLine"}};
    const CPLStringList words{
        CSLTokenizeString2(name.c_str() + wmts_prefix.size(), ",", CSLT_HONOURSTRINGS)};
    const std::string url = words.size() > 0 ? words[0] : "";
    auto xml = fmt::format("<GDAL_WMTS><GetCapabilitiesUrl>{}</GetCapabilitiesUrl>", escaped(url));
    for (int i = 1; i < words.size(); ++i) {
        const std::string_view word{words[i]};
        const auto equals = std::min(word.find('='), word.size());
        std::string key{word.substr(0, equals)};
        std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
        const auto element = elements.find(key);
        if (element == elements.end()) {
            throw Error{Errc::invalid_argument, fmt::format("{}: unknown: '{}'", name, word)};
        }
        const std::string value{word.substr(std::min(equals + 1, word.size()))};
        xml += fmt::format("<{0}>{1}</{0}>", element->second, escaped(value));
    }
    return xml + "<ZeroBlockHttpCodes>204,404</ZeroBlockHttpCodes></GDAL_WMTS>";
}

}  // namespace

void set_http_options(int retries) {
    const auto set = [](const char* option, const std::string& value) {
        if (CPLGetConfigOption(option, nullptr) == nullptr) {
            CPLSetConfigOption(option, value.c_str());
        }
    };
    set("GDAL_HTTP_USERAGENT", "offgrid/" OFFGRID_VERSION);
    set("GDAL_HTTP_CONNECTTIMEOUT", "15");
    set("GDAL_HTTP_LOW_SPEED_LIMIT", "1");
    set("GDAL_HTTP_LOW_SPEED_TIME", "60");
    set("GDAL_HTTP_MAX_RETRY", std::to_string(retries));
    set("GDAL_HTTP_RETRY_DELAY", "0.5");
}

bool is_online(GDALDataset& dataset) {
    constexpr std::array<std::string_view, 4> drivers{"WMS", "WMTS", "WCS", "OGCAPI"};
    const auto* const driver = dataset.GetDriver();
    return driver != nullptr &&
           std::ranges::find(drivers, std::string_view{driver->GetDescription()}) != drivers.end();
}

OnlineBlocks::OnlineBlocks(std::string name, std::optional<int> overview, Dataset dataset,
                           Requests& requests)
    : name_{std::move(name)},
      overview_{overview},
      requests_{requests},
      type_{dataset->GetRasterBand(1)->GetRasterDataType()},
      bands_{dataset->GetRasterCount()},
      shape_{shape_of(*dataset)} {
    idle_.push_back(std::move(dataset));
}

PixelBlocks::Block OnlineBlocks::read(int column, int row) const {
    return requests_.make([&] { return ask(column, row); });
}

PixelBlocks::Block OnlineBlocks::ask(int column, int row) const {
    auto dataset = take();
    auto block = std::make_shared<Bytes>(shape_.block_bytes());
    std::vector<int> bands(static_cast<std::size_t>(bands_));
    std::iota(bands.begin(), bands.end(), 1);
    const int x = column * shape_.block_width;
    const int y = row * shape_.block_height;
    const int width = std::min(shape_.block_width, shape_.width - x);
    const int height = std::min(shape_.block_height, shape_.height - y);
    const auto pixel_space = static_cast<GSpacing>(shape_.pixel_bytes);
    const Messages messages;
    const auto outcome = dataset->RasterIO(
        GF_Read, x, y, width, height, block->data(), width, height, type_, bands_, bands.data(),
        pixel_space, pixel_space * shape_.block_width, GDALGetDataTypeSizeBytes(type_), nullptr);
    give_back(std::move(dataset));
    if (outcome != CE_None) {
        throw messages.error(Errc::io, fmt::format("block {},{}", column, row));
    }
    return block;
}

Dataset OnlineBlocks::take() const {
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            auto dataset = std::move(idle_.back());
            idle_.pop_back();
            return dataset;
        }
    }
    return open_service(name_, overview_);
}

void OnlineBlocks::give_back(Dataset dataset) const {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(dataset));
}

bool names_service(const std::string& name) {
    return name.starts_with('<') || name.starts_with("WMS:") || name.starts_with(wmts_prefix);
}

Dataset open_service(const std::string& name, std::optional<int> overview) {
    const Messages messages;
    const auto description = name.starts_with(wmts_prefix) ? wmts_description(name) : name;
    const auto option = fmt::format("OVERVIEW_LEVEL={}", overview.value_or(0));
    const char* const options[] = {overview ? option.c_str() : nullptr, nullptr};
    Dataset dataset{GDALDataset::Open(description.c_str(), GDAL_OF_RASTER | GDAL_OF_VERBOSE_ERROR,
                                      nullptr, options)};
    if (!dataset) {
        throw messages.error(Errc::io, name);
    }
    return dataset;
}

BlockRaster described(GDALDataset& dataset, std::shared_ptr<const PixelBlocks> blocks) {
    BlockRaster raster{.blocks = std::move(blocks),
                       .type = dataset.GetRasterBand(1)->GetRasterDataType()};
    dataset.GetGeoTransform(raster.geotransform.data());
    if (const auto* const crs = dataset.GetSpatialRef()) {
        raster.crs = *crs;
    }
    for (auto* const band : dataset.GetBands()) {
        BlockRaster::Band described{.meaning = band->GetColorInterpretation()};
        int has_nodata = FALSE;
        const double nodata = band->GetNoDataValue(&has_nodata);
        if (has_nodata != FALSE) {
            described.nodata = nodata;
        }
        if (const auto* const palette = band->GetColorTable()) {
            described.palette = std::shared_ptr<const GDALColorTable>{palette->Clone()};
        }
        raster.bands.push_back(std::move(described));
    }
    return raster;
}

}  // namespace offgrid::gdal
