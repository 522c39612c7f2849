#pragma once

#include "formats/base/live.h"
#include "formats/base/pool.h"
#include "serve/http_statistics.h"
#include "serve/layer_set.h"
#include "serve/request_counters.h"

#include <map>
#include <string>

namespace offgrid {

/// What pools of tile files do, by the store whose files they open: the name of a store of
/// GeoWebCache, or nothing for all other files.
using PoolReports = std::map<std::string, PoolStatistics>;

/// What `/metrics` tells: the state at one moment.
struct Metrics {
    const LayerSet& layers;  ///< the current ones; not owned
    Live<LayerSet>::Statistics states{};
    RequestCounts requests{};
    PoolReports pools{};
    const HttpStatistics* http = nullptr;  ///< not owned; null: not known
};

/// The media type of `metrics_text`.
inline constexpr const char* metrics_media_type = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics in Prometheus' text format, version 0.0.4.
///
/// Written here and not by prometheus-cpp, which keeps a registry of counters behind locks: nearly
/// all of these numbers are counted elsewhere and only looked up when somebody asks, and the format
/// is one line a number.
std::string metrics_text(const Metrics& metrics);

}  // namespace offgrid
