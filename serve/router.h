#pragma once

#include "formats/base/live.h"
#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/metrics.h"
#include "serve/request.h"
#include "serve/request_counters.h"

#include <functional>
#include <string_view>

namespace offgrid {

/// The addresses that are served, and who answers each:
///
///     /                                  the viewer, and its parts beside it
///     /tiles/{layer}/{z}/{x}/{y}.{ext}   a tile; y counts from the north
///     /tiles/{layer}.json                TileJSON 3.0.0
///     /service/{service}…                a tile, as GeoWebCache's clients ask; also behind
///                                        /geowebcache, /gwc and /geoserver/gwc: services.h
///     /layers.json                       all layers
///     /health                            whether and what is served
///     /metrics                           counts and states, as Prometheus reads them
///
/// Takes one lease a request, so that a request sees one state of the layers from its beginning to
/// its end. Failures of a store become 503 (busy) or 500 and a line in the log; they say nothing
/// about this machine to the client. Counts what it answers. Safe for concurrent use.
class Router {
public:
    /// What the pools that the layers read their files through do now. Called by any thread.
    using PoolReport = std::function<PoolReports()>;

    /// The layers are not owned and outlive the router, as what the report looks at.
    Router(const Live<LayerSet>& layers, Log log, PoolReport pools = {});

    Response answer(const Request& request) const;

private:
    Response route(const Request& request) const;
    Response route_tiles(const Request& request, std::string_view rest) const;
    Response route_service(const Request& request, std::string_view address) const;
    Response metrics() const;

    const Live<LayerSet>& layers_;
    Log log_;
    PoolReport pools_;
    mutable RequestCounters counters_;
};

}  // namespace offgrid
