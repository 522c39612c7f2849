#pragma once

#include "pack/gdal_blocks.h"
#include "pack/requests.h"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::gdal {

/// How GDAL itself asks servers, for descriptions of services and for files: it gives up where
/// nothing comes any more. What the user's environment says wins.
void set_http_options(int retries);

/// Whether a driver asks a server for each block: WMS (with its TMS, XYZ and other services), WMTS,
/// WCS and OGC API.
bool is_online(GDALDataset& dataset);

/// Blocks of an online dataset, each a request. Threads share a few open handles, one for each
/// request that is under way. Safe for concurrent use.
class OnlineBlocks final : public PixelBlocks {
public:
    /// `dataset` is the service of that name, open at that overview; nothing: at its full size.
    /// `requests` is not owned. REQUIRES: all bands have one type.
    OnlineBlocks(std::string name, std::optional<int> overview, Dataset dataset,
                 Requests& requests);

    const Shape& shape() const override { return shape_; }
    Block read(int column, int row) const override;

private:
    Block ask(int column, int row) const;
    Dataset take() const;
    void give_back(Dataset dataset) const;

    const std::string name_;
    const std::optional<int> overview_;
    Requests& requests_;
    GDALDataType type_ = GDT_Byte;
    int bands_ = 0;
    Shape shape_;

    mutable std::mutex mutex_;
    mutable std::vector<Dataset> idle_;  // guarded by mutex_
};

/// Whether the word names a service and not a file: `WMS:URL`, `WMTS:URL[,layer=…]`, or the text of
/// a description as XML.
bool names_service(const std::string& name);

/// Open a service at one of its overviews, or at its full size. Throws `io` with what GDAL says.
///
/// What `WMTS:` stands for in GDAL is not wanted: it keeps tiles in the working folder, checks no
/// certificates, and shows failures of the server as blank tiles.
Dataset open_service(const std::string& name, std::optional<int> overview);

/// What the dataset says of itself, with those blocks.
BlockRaster described(GDALDataset& dataset, std::shared_ptr<const PixelBlocks> blocks);

}  // namespace offgrid::gdal
