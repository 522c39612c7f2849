#pragma once

#include "formats/base/error.h"

#include <gdal_priv.h>

#include <memory>
#include <string>

namespace offgrid::gdal {

/// Register GDAL's drivers and set its options for this process. Call it before anything else here;
/// again is fine.
///
/// Order at the end: readers, transformers and datasets are destroyed by the threads that own them
/// before these threads are joined. The drivers stay registered until the process ends, and GDAL
/// frees them itself.
void prepare();

/// Catches what GDAL says on this thread while it lives, instead of letting it print. One thread;
/// nests.
class Messages {
public:
    Messages();
    ~Messages();
    Messages(const Messages&) = delete;
    Messages& operator=(const Messages&) = delete;

    /// What went wrong, joined by `; `, each once; `otherwise` when nothing was said.
    std::string text_or(std::string_view otherwise) const;

    /// The error with that text, as `context: cause`. Missing memory says nothing of the content:
    /// it is `too_large` whatever the code.
    Error error(Errc code, std::string_view context) const;

private:
    static void CPL_STDCALL handle(CPLErr level, CPLErrorNum number, const char* text);

    std::vector<std::string> failures_;
    bool is_out_of_memory_ = false;
};

struct CloseDataset {
    void operator()(GDALDataset* dataset) const noexcept { GDALClose(dataset); }
};

/// An open source. One thread at a time, as GDAL demands.
using Dataset = std::unique_ptr<GDALDataset, CloseDataset>;

/// Open a raster for reading. Throws `not_found` when there is no such file, `unsupported` when it
/// is no raster.
Dataset open(const std::string& name);

/// Whether a driver of GDAL opens it as a raster, or as a container of rasters.
bool is_raster(const std::string& name);

}  // namespace offgrid::gdal
