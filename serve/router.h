#pragma once

#include "formats/base/live.h"
#include "serve/answer_rules.h"
#include "serve/coverages.h"
#include "serve/http_statistics.h"
#include "serve/layer_set.h"
#include "serve/log.h"
#include "serve/metrics.h"
#include "serve/request.h"
#include "serve/request_counters.h"
#include "serve/tag_cache.h"
#include "serve/wms.h"

#include <functional>
#include <string>
#include <string_view>

namespace offgrid {

/// How a Router answers.
struct RouterOptions {
    /// What the pools that the layers read their files through do now. Called by any thread.
    std::function<PoolReports()> pools{};

    AnswerOptions answers{};
    WmsOptions wms{};
    const HttpStatistics* http = nullptr;  ///< of its HttpServer; null: it has none
};

/// The addresses that are served, and who answers each:
///
///     /                                  the viewer, and its parts beside it
///     /tiles/{layer}/{z}/{x}/{y}.{ext}   a tile; y counts from the north
///     /tiles/{layer}.json                TileJSON 3.0.0
///     /service/{service}…                a tile, as GeoWebCache's clients ask; also behind
///                                        /geowebcache, /gwc and /geoserver/gwc: services.h
///     /ogc…                              OGC API - Tiles: ogc_api.h
///     /arcgis/rest/…                     as ArcGIS Server: arcgis.h
///     /wms, /mapcache/wms, /service/wms  a map; with SERVICE=WMS also / and /mapcache, where
///                                        MapCache has it: wms.h
///     /{tms|wmts|gmaps|ve|mg|kml|demo}…  a tile and more, as MapCache's clients ask; also behind
///                                        /mapcache: mapcache_services.h
///     /layers.json                       all layers
///     /layers/{layer}/coverage.json      where the layer has tiles
///     /layers/{layer}/files.json         the files of a package
///     /styles/{layer}/…                  its style, sprites and fonts: style_handler.h
///     /fonts/{fontstack}/{range}.pbf     glyphs of any layer
///     /health                            whether and, for who may read that, what is served
///     /ready                             200 while more requests are welcome, 503 while draining
///     /metrics                           counts and states, as Prometheus reads them
///
/// Takes one lease a request, so that a request sees one state of the layers from its beginning to
/// its end. Failures of a store become 503 (busy) or 500 and a line in the log; they say nothing
/// about this machine to the client. Counts what it answers. Safe for concurrent use.
class Router {
public:
    /// The layers and what the options look at are not owned and outlive the router, which outlives
    /// its server.
    Router(const Live<LayerSet>& layers, Log log, RouterOptions options = {});

    Response answer(const Request& request) const;

private:
    Response answer_uncounted(const Request& request) const;
    Response answer_admitted(const Request& request, std::string& user) const;
    Response route(const Request& request, bool is_reader) const;
    Response route_tiles(const Request& request, std::string_view rest) const;
    Response route_layer(const Request& request) const;
    Response metrics() const;
    Response readiness() const;

    /// What `answer` makes of the current layers, its failures told to the client and the log.
    template <typename Answer>
    Response from_layers(const Request& request, const Answer& answer) const;

    const Live<LayerSet>& layers_;
    Log log_;
    std::function<PoolReports()> pools_;
    AnswerRules rules_;
    WmsService wms_;
    mutable Coverages coverages_;
    const HttpStatistics* http_;
    mutable RequestCounters counters_;
    mutable TagCache tags_;
};

}  // namespace offgrid
