#pragma once

#include "formats/disk/disk_store.h"
#include "formats/http/http_options.h"
#include "formats/kv/kv_options.h"
#include "formats/pmtiles/pmtiles_options.h"
#include "formats/sqlite/cache_options.h"
#include "formats/tiff/cog_options.h"
#include "formats/tiff/tiff_store.h"

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offgrid {

struct CacheSpec;

/// A cache that answers for some of the tiles of a composite.
struct CompositeEntry {
    const CacheSpec* cache = nullptr;
    int min_zoom = 0;                                               ///< inclusive
    int max_zoom = std::numeric_limits<int>::max();                 ///< inclusive
    std::vector<std::string> grids{};                               ///< empty: every grid
    std::vector<std::pair<std::string, std::string>> dimensions{};  ///< name and value, all of them
};

/// The first entry that matches a tile answers (MapCache `composite`).
struct CompositeOptions {
    std::vector<CompositeEntry> entries{};
};

/// The first cache that does not fail answers; all are written (MapCache `fallback`).
struct FallbackOptions {
    std::vector<const CacheSpec*> caches{};
};

/// The first cache that has the tile answers; the last is written (MapCache `multitier`).
struct MultitierOptions {
    std::vector<const CacheSpec*> caches{};
    bool promotes = true;  ///< what a slower cache has is kept in the faster ones
};

using StoreOptions =
    std::variant<DiskOptions, sqlite::CacheOptions, TiffOptions, CogOptions, PmtilesOptions,
                 BdbOptions, LmdbOptions, MemcacheOptions, RedisOptions, HttpOptions, RiakOptions,
                 CompositeOptions, FallbackOptions, MultitierOptions>;

/// One cache of a configuration, checked but not opened. Caches that it is made of are not owned.
struct CacheSpec {
    std::string name{};
    std::string type{};  ///< as the configuration calls it, for example `sqlite3`
    StoreOptions options{};
    int retries = 0;                          ///< further attempts after a failure
    std::chrono::milliseconds retry_delay{};  ///< before the first of them; doubled each time
};

}  // namespace offgrid
