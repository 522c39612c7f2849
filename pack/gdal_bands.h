#pragma once

#include "pack/band_options.h"
#include "pack/gdal_error.h"
#include "pack/source_info.h"

#include <atomic>
#include <string>
#include <vector>

namespace offgrid::gdal {

/// Choose the bands that show: those that are asked for, else red, green and blue where they are
/// marked or three exist, else the first. A band that is marked as alpha stays it, unless another
/// is asked for or it is to show as a colour.
///
/// Throws `unsupported` naming the source when it has none, `invalid_argument` when it has not
/// those that are asked for.
BandPlan plan_bands(GDALDataset& dataset, const std::string& name, const BandOptions& options = {});

/// Whether any of the chosen samples marks its pixel as present.
bool is_present(const BandPlan& bands, const float* samples);

/// Samples of the chosen bands that are present, from a reduced reading of the whole source that
/// takes about `pixels`, in no order. Throws `interrupted` when stopped.
std::vector<float> sample_values(GDALDataset& dataset, const BandPlan& bands,
                                 const std::string& name, int pixels,
                                 const std::atomic<bool>& is_stopped);

}  // namespace offgrid::gdal
