#include "pack/gdal_bands.h"

#include <cpl_string.h>
#include <fmt/format.h>

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

/// The colours, without that of the nodata. Drivers give the nodata of the source no alpha, also
/// where the user says another.
std::array<std::uint32_t, 256> palette_of(const GDALColorTable& table, std::optional<double> nodata,
                                          std::optional<double> nodata_of_source) {
    std::array<std::uint32_t, 256> palette{};
    for (int i = 0; i < 256; ++i) {
        GDALColorEntry entry{0, 0, 0, 0};
        if (i < table.GetColorEntryCount()) {
            table.GetColorEntryAsRGB(i, &entry);
        }
        const bool is_absent = nodata && *nodata == i;
        if (!is_absent && nodata_of_source && *nodata_of_source == i) {
            entry.c4 = 255;
        }
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

/// For an error: some names of the rasters in a container.
std::string subdatasets_of(GDALDataset& dataset) {
    constexpr int max_names = 4;
    std::string names;
    const CPLStringList list{dataset.GetMetadata("SUBDATASETS"), FALSE};
    const int count = list.size() / 2;  // a name and a description each
    for (int i = 1; i <= std::min(count, max_names); ++i) {
        const auto* const name = list.FetchNameValue(fmt::format("SUBDATASET_{}_NAME", i).c_str());
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name != nullptr ? name : "");
    }
    return count > max_names ? fmt::format("{} and {} more", names, count - max_names) : names;
}

void choose_bands(GDALDataset& dataset, const std::string& name, const BandOptions& options,
                  BandPlan& plan) {
    plan.alpha = band_of(dataset, GCI_AlphaBand);
    plan.colours = colour_bands(dataset, plan.alpha);
    if (plan.colours.empty()) {
        const auto subdatasets = subdatasets_of(dataset);
        throw Error{Errc::unsupported,
                    subdatasets.empty() ? fmt::format("{}: has no bands that show", name)
                                        : fmt::format("{}: holds several rasters: name one of {}",
                                                      name, subdatasets)};
    }
    if (options.bands.empty()) {
        return;
    }
    const int deepest = std::ranges::max(options.bands);
    if (deepest > dataset.GetRasterCount()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--bands {}: {} has {} bands", fmt::join(options.bands, ","), name,
                                dataset.GetRasterCount())};
    }
    plan.colours = options.bands;
    if (plan.colours.size() == 4) {
        plan.alpha = plan.colours.back();
        plan.colours.pop_back();
    } else if (std::ranges::find(plan.colours, plan.alpha) != plan.colours.end()) {
        plan.alpha = 0;
    }
}

/// What marks samples of the band as absent; `index` is its place among the colours.
std::optional<double> nodata_of(GDALRasterBand& band, const BandOptions& options,
                                std::size_t index) {
    if (options.nodata) {
        const auto& values = *options.nodata;
        return values.empty() ? std::nullopt
                              : std::optional{values[std::min(index, values.size() - 1)]};
    }
    int has_nodata = FALSE;
    const double nodata = band.GetNoDataValue(&has_nodata);
    return has_nodata != FALSE ? std::optional{nodata} : std::nullopt;
}

/// Whether the mask says more than the nodata of each band and alpha do.
bool is_mask_its_own(int flags, const BandOptions& options) {
    const bool is_nodata = (flags & GMF_NODATA) != 0;
    const bool is_per_dataset = (flags & GMF_PER_DATASET) != 0;  // with nodata: a set of values
    return (flags & (GMF_ALL_VALID | GMF_ALPHA)) == 0 &&
           (!is_nodata || (is_per_dataset && !options.nodata));
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

BandPlan plan_bands(GDALDataset& dataset, const std::string& name, const BandOptions& options) {
    const Messages messages;
    BandPlan plan;
    choose_bands(dataset, name, options, plan);
    if (options.bands.empty()) {
        plan.unused = dataset.GetRasterCount() - static_cast<int>(plan.colours.size()) -
                      (plan.alpha > 0 ? 1 : 0);
    }
    for (const int number : plan.colours) {
        auto& band = *dataset.GetRasterBand(number);
        if (GDALDataTypeIsComplex(band.GetRasterDataType()) != 0) {
            throw Error{Errc::unsupported, fmt::format("{}: has complex samples", name)};
        }
        const auto nodata = nodata_of(band, options, plan.nodata.size());
        const bool is_reachable =
            band.GetRasterDataType() != GDT_Byte || is_byte(nodata.value_or(0));
        plan.nodata.push_back(is_reachable ? nodata : std::nullopt);
        plan.may_be_nan = plan.may_be_nan || GDALDataTypeIsFloating(band.GetRasterDataType()) != 0;
        plan.is_byte = plan.is_byte && band.GetRasterDataType() == GDT_Byte;
    }
    auto& first = *dataset.GetRasterBand(plan.colours.front());
    if (const auto* table = first.GetColorTable();
        table != nullptr && plan.colours.size() == 1 && plan.is_byte) {
        plan.palette = palette_of(*table, plan.nodata.front(), nodata_of(first, {}, 0));
    }
    plan.has_mask = plan.alpha == 0 && is_mask_its_own(first.GetMaskFlags(), options);
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
