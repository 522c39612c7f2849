#pragma once

#include "formats/base/live.h"
#include "formats/image/resampling.h"
#include "serve/get_map.h"
#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/request.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <variant>
#include <vector>

namespace offgrid {

class MapDrawing;

/// What a WMS does for its clients.
struct WmsOptions {
    MapLimits limits{};
    std::int64_t max_tiles = 1024;  ///< of 256 pixels for one picture, whatever its layers
    Resampling resampling = Resampling::bilinear;
    unsigned max_drawing = 2;  ///< pictures drawn at a time, so that tiles are served meanwhile
    std::chrono::milliseconds max_wait{1000};  ///< for one of these before it is 503
};

/// A Web Map Service: 1.1.1 (OGC 01-068r3) with WMS-C and 1.3.0 (OGC 06-042). Pictures are put
/// together of stored tiles, in the reference systems of a layer's grids; a picture that is one
/// stored tile in its format is answered with the bytes of that tile. Safe for concurrent use.
class WmsService {
public:
    /// Most pictures that may be drawn at a time.
    static constexpr unsigned most_drawing = 1024;

    WmsService(WmsOptions options, Log log);

    /// Answer GetMap and GetCapabilities. What is wrong with a request is 400 with a service
    /// exception report, another operation 501; a tile that cannot be read is 500 and a line in the
    /// log. With `EXCEPTIONS` that ask for it all of these are an empty picture instead.
    Response answer(const Live<LayerSet>::Lease& layers, const Request& request) const;

private:
    using Layers = std::vector<std::shared_ptr<const Layer>>;

    using Outcome = std::variant<Response, WmsFailure>;

    Response answer_get_map(const LayerSet& layers, const Query& query,
                            const Request& request) const;
    Outcome map_of(const LayerSet& layers, const Query& query, const Request& request) const;
    Outcome drawn(const Layers& layers, const GetMap& map, const Request& request) const;
    Bytes picture(const std::vector<MapDrawing>& drawings, const GetMap& map) const;

    WmsOptions options_;
    Log log_;
    mutable std::counting_semaphore<most_drawing> free_;
};

}  // namespace offgrid
