#include "pack/gdal_bands.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace offgrid {

bool BandPlan::is_opaque() const {
    const bool has_nodata =
        std::ranges::any_of(nodata, [](const auto& value) { return value.has_value(); });
    bool is_palette_opaque = true;
    if (palette) {
        is_palette_opaque = std::ranges::all_of(*palette, [](std::uint32_t colour) {
            std::uint8_t rgba[4];
            std::memcpy(rgba, &colour, sizeof rgba);
            return rgba[3] == 255;
        });
    }
    return alpha == 0 && !has_mask && !has_nodata && !may_be_nan && is_palette_opaque;
}

namespace gdal {
namespace {

std::array<std::uint32_t, 256> palette_of(const GDALColorTable& table,
                                          std::optional<double> nodata) {
    std::array<std::uint32_t, 256> palette{};
    for (int i = 0; i < 256; ++i) {
        GDALColorEntry entry{0, 0, 0, 0};
        if (i < table.GetColorEntryCount()) {
            table.GetColorEntryAsRGB(i, &entry);
        }
        const bool is_absent = nodata && *nodata == i;
        const auto byte = [](short value) {
            return static_cast<std::uint8_t>(std::clamp<short>(value, 0, 255));
        };
        const std::uint8_t rgba[4] = {byte(entry.c1), byte(entry.c2), byte(entry.c3),
                                      is_absent ? std::uint8_t{0} : byte(entry.c4)};
        std::memcpy(&palette[static_cast<std::size_t>(i)], rgba, sizeof rgba);
    }
    return palette;
}

/// The band with that meaning, or 0.
int band_of(GDALDataset& dataset, GDALColorInterp meaning) {
    for (int band = 1; band <= dataset.GetRasterCount(); ++band) {
        if (dataset.GetRasterBand(band)->GetColorInterpretation() == meaning) {
            return band;
        }
    }
    return 0;
}

std::vector<int> colour_bands(GDALDataset& dataset, int alpha) {
    std::vector<int> colours{band_of(dataset, GCI_RedBand), band_of(dataset, GCI_GreenBand),
                             band_of(dataset, GCI_BlueBand)};
    if (std::ranges::find(colours, 0) == colours.end()) {
        return colours;
    }
    colours.clear();
    for (int band = 1; band <= dataset.GetRasterCount() && colours.size() < 3; ++band) {
        if (band != alpha) {
            colours.push_back(band);
        }
    }
    if (colours.size() == 2) {
        colours.pop_back();
    }
    return colours;
}

bool is_byte(double value) {
    return value >= 0 && value <= 255 && value == std::floor(value);
}

/// For GDAL to ask during a long reading: false stops it.
int CPL_STDCALL may_go_on(double /*share*/, const char* /*message*/, void* is_stopped) {
    return *static_cast<const std::atomic<bool>*>(is_stopped) ? FALSE : TRUE;
}

double alpha_max(GDALRasterBand& band) {
    switch (band.GetRasterDataType()) {
        case GDT_UInt16:
            return 65535;
        case GDT_Int16:
            return 32767;
        default:
            return 255;
    }
}

}  // namespace

BandPlan plan_bands(GDALDataset& dataset, const std::string& name) {
    const Messages messages;
    BandPlan plan;
    plan.alpha = band_of(dataset, GCI_AlphaBand);
    plan.colours = colour_bands(dataset, plan.alpha);
    if (plan.colours.empty()) {
        throw Error{Errc::unsupported, fmt::format("{}: has no bands that show{}", name,
                                                   dataset.GetMetadata("SUBDATASETS") != nullptr
                                                       ? "; name one of its subdatasets"
                                                       : "")};
    }
    plan.unused =
        dataset.GetRasterCount() - static_cast<int>(plan.colours.size()) - (plan.alpha > 0 ? 1 : 0);
    for (const int number : plan.colours) {
        auto& band = *dataset.GetRasterBand(number);
        if (GDALDataTypeIsComplex(band.GetRasterDataType()) != 0) {
            throw Error{Errc::unsupported, fmt::format("{}: has complex samples", name)};
        }
        int has_nodata = FALSE;
        const double nodata = band.GetNoDataValue(&has_nodata);
        const bool is_reachable = band.GetRasterDataType() != GDT_Byte || is_byte(nodata);
        plan.nodata.push_back(has_nodata != FALSE && is_reachable ? std::optional{nodata}
                                                                  : std::nullopt);
        plan.may_be_nan = plan.may_be_nan || GDALDataTypeIsFloating(band.GetRasterDataType()) != 0;
        plan.is_byte = plan.is_byte && band.GetRasterDataType() == GDT_Byte;
    }
    auto& first = *dataset.GetRasterBand(plan.colours.front());
    if (const auto* table = first.GetColorTable();
        table != nullptr && plan.colours.size() == 1 && plan.is_byte) {
        plan.palette = palette_of(*table, plan.nodata.front());
    }
    plan.has_mask = plan.alpha == 0 && (first.GetMaskFlags() & GMF_PER_DATASET) != 0;
    if (plan.alpha > 0) {
        plan.alpha_max = alpha_max(*dataset.GetRasterBand(plan.alpha));
    }
    return plan;
}

bool is_present(const BandPlan& bands, const float* samples) {
    bool is_absent = true;
    for (std::size_t i = 0; i < bands.colours.size(); ++i) {
        if (std::isnan(samples[i])) {
            return false;
        }
        is_absent =
            is_absent && bands.nodata[i] && samples[i] == static_cast<float>(*bands.nodata[i]);
    }
    return !is_absent;
}

std::vector<float> sample_values(GDALDataset& dataset, const BandPlan& bands,
                                 const std::string& name, int pixels,
                                 const std::atomic<bool>& is_stopped) {
    const Messages messages;
    const int edge = std::max(1, static_cast<int>(std::sqrt(pixels)));
    const int width = std::min(edge, dataset.GetRasterXSize());
    const int height = std::min(edge, dataset.GetRasterYSize());
    const auto count = bands.colours.size();
    const auto size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    std::vector<float> samples(size * count);
    GDALRasterIOExtraArg extra;
    INIT_RASTERIO_EXTRA_ARG(extra);
    extra.pfnProgress = may_go_on;
    extra.pProgressData = const_cast<std::atomic<bool>*>(&is_stopped);
    auto numbers = bands.colours;
    const auto pixel_bytes = static_cast<GSpacing>(count * sizeof(float));
    if (dataset.RasterIO(GF_Read, 0, 0, dataset.GetRasterXSize(), dataset.GetRasterYSize(),
                         samples.data(), width, height, GDT_Float32, static_cast<int>(count),
                         numbers.data(), pixel_bytes, pixel_bytes * width, sizeof(float),
                         &extra) != CE_None) {
        if (is_stopped) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        throw messages.error(Errc::corrupt, fmt::format("{}: cannot be read", name));
    }
    std::vector<float> values;
    for (std::size_t i = 0; i < size; ++i) {
        const auto* const pixel = &samples[i * count];
        if (is_present(bands, pixel)) {
            std::copy_if(pixel, pixel + count, std::back_inserter(values),
                         [](float value) { return std::isfinite(value); });
        }
    }
    return values;
}

}  // namespace gdal
}  // namespace offgrid
