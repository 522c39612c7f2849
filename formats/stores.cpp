#include "formats/stores.h"

#include "formats/base/error.h"
#include "formats/combine/composite_store.h"
#include "formats/combine/fallback_store.h"
#include "formats/combine/multitier_store.h"
#include "formats/combine/retry_store.h"
#include "formats/disk/disk_store.h"
#include "formats/tiff/tiff_store.h"
#ifdef OFFGRID_HAS_BDB
#include "formats/kv/bdb_store.h"
#endif
#ifdef OFFGRID_HAS_LMDB
#include "formats/kv/lmdb_store.h"
#endif
#ifdef OFFGRID_HAS_MEMCACHE
#include "formats/kv/memcache_store.h"
#endif
#ifdef OFFGRID_HAS_REDIS
#include "formats/kv/redis_store.h"
#endif
#ifdef OFFGRID_HAS_HTTP
#include "formats/http/http_store.h"
#include "formats/http/riak_store.h"
#endif

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace offgrid {
namespace {

#ifdef OFFGRID_HAS_BDB
constexpr std::string_view missing_bdb{};
#else
constexpr std::string_view missing_bdb = "built without Berkeley DB (OFFGRID_WITH_BDB)";
#endif
#ifdef OFFGRID_HAS_LMDB
constexpr std::string_view missing_lmdb{};
#else
constexpr std::string_view missing_lmdb = "built without LMDB (OFFGRID_WITH_LMDB)";
#endif
#ifdef OFFGRID_HAS_MEMCACHE
constexpr std::string_view missing_memcache{};
#else
constexpr std::string_view missing_memcache = "built without libmemcached (OFFGRID_WITH_MEMCACHE)";
#endif
#ifdef OFFGRID_HAS_REDIS
constexpr std::string_view missing_redis{};
#else
constexpr std::string_view missing_redis = "built without hiredis (OFFGRID_WITH_REDIS)";
#endif
#ifdef OFFGRID_HAS_HTTP
constexpr std::string_view missing_http{};
#else
constexpr std::string_view missing_http = "built without libcurl (OFFGRID_WITH_HTTP)";
#endif

// clang-format off
//   name         summary                                    read   write  scan   erase  expire
constexpr std::array<StoreType, 17> types{{
    {"disk",      "a folder of tiles, one file each",         true,  true,  true,  true,  false},
    {"sqlite3",   "MapCache's SQLite files, one or many",     true,  true,  true,  true,  false},
    {"mbtiles",   "MBTiles files, one or many",               true,  true,  true,  true,  false},
    {"tiff",      "JPEG tiles in GeoTIFF files",              true,  true,  true,  true,  false},
    {"bdb",       "a Berkeley DB B-tree",                     true,  true,  true,  true,  false, missing_bdb},
    {"memcache",  "memcached servers",                        true,  true,  false, true,  true,  missing_memcache},
    {"redis",     "a Redis server",                           true,  true,  true,  true,  true,  missing_redis},
    {"lmdb",      "an LMDB environment",                      true,  true,  true,  true,  false, missing_lmdb},
    {"rest",      "tiles behind a web server",                true,  true,  false, true,  false, missing_http},
    {"s3",        "Amazon S3 and what speaks like it",        true,  true,  false, true,  false, missing_http},
    {"azure",     "Azure Blob Storage",                       true,  true,  false, true,  false, missing_http},
    {"google",    "Google Cloud Storage",                     true,  true,  false, true,  false, missing_http},
    {"riak",      "a Riak cluster, by HTTP",                  true,  true,  false, true,  false, missing_http},
    {"composite", "a cache for each span of zooms, grid or dimension", true, true, true, true, true},
    {"fallback",  "the first cache that does not fail",       true,  true,  true,  true,  true},
    {"multitier", "the first cache that has the tile",        true,  true,  true,  true,  true},
    {"package",   "a package or a depot's layer",             true,  false, true,  false, false},
}};
// clang-format on

/// A type that is not built in has no opener of its own, and ends here.
[[noreturn]] void fail_missing(const CacheSpec& cache) {
    const auto* const type = std::ranges::find(types, cache.type, &StoreType::name);
    throw Error{Errc::unsupported,
                fmt::format("cache '{}' of type '{}': this program was {}", cache.name, cache.type,
                            type == types.end() ? "built without such stores" : type->missing)};
}

/// Whether the cache of the entry has tiles of the slice.
bool matches(const CompositeEntry& entry, const TilesetSlice& slice) {
    const auto& grid = slice.info.grid->name();
    const bool has_grid =
        entry.grids.empty() || std::ranges::find(entry.grids, grid) != entry.grids.end();
    return has_grid && std::ranges::all_of(entry.dimensions, [&](const auto& dimension) {
               const auto& values = slice.values.dimensions;
               return std::ranges::find(values, dimension) != values.end();
           });
}

/// The slice with the zooms that reach the entry's cache, so that one which holds a single zoom can
/// be opened: the first entry that matches has a tile. An entry of other zooms keeps its own.
TilesetSlice slice_of(const CompositeEntry& entry, const CompositeOptions& options,
                      const TilesetSlice& slice) {
    auto part = slice;
    part.info.min_zoom = entry.min_zoom;
    part.info.max_zoom = std::min(entry.max_zoom, slice.info.grid->levels() - 1);
    bool is_first = true;
    for (int z = slice.info.min_zoom; z <= slice.info.max_zoom; ++z) {
        const auto found = std::ranges::find_if(options.entries, [&](const CompositeEntry& each) {
            return z >= each.min_zoom && z <= each.max_zoom && matches(each, slice);
        });
        if (found == options.entries.end() || found->cache != entry.cache) {
            continue;
        }
        part.info.min_zoom = is_first ? z : part.info.min_zoom;
        part.info.max_zoom = z;
        is_first = false;
    }
    return part;
}

/// Opens each type of cache for reading.
struct OpenReader {
    using Result = std::unique_ptr<TileReader>;

    const CacheSpec& cache;
    const TilesetSlice& slice;
    const StoreEnvironment& environment;

    Result operator()(const DiskOptions& options) const {
        return std::make_unique<DiskReader>(options, slice);
    }
    Result operator()(const sqlite::CacheOptions& options) const {
        return std::make_unique<sqlite::CacheReader>(options, slice, environment.sqlite_files);
    }
    Result operator()(const TiffOptions& options) const {
        return std::make_unique<TiffReader>(options, slice);
    }
#ifdef OFFGRID_HAS_BDB
    Result operator()(const BdbOptions& options) const {
        return std::make_unique<BdbReader>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_LMDB
    Result operator()(const LmdbOptions& options) const {
        return std::make_unique<LmdbReader>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_MEMCACHE
    Result operator()(const MemcacheOptions& options) const {
        return std::make_unique<MemcacheReader>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_REDIS
    Result operator()(const RedisOptions& options) const {
        return std::make_unique<RedisReader>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_HTTP
    Result operator()(const HttpOptions& options) const {
        return std::make_unique<HttpReader>(options, slice);
    }
    Result operator()(const RiakOptions& options) const {
        return std::make_unique<RiakReader>(options, slice);
    }
#endif
    Result operator()(const CompositeOptions& options) const {
        std::vector<CompositeReader::Part> parts;
        for (const auto& entry : options.entries) {
            if (matches(entry, slice)) {
                parts.push_back(
                    {entry.min_zoom, entry.max_zoom,
                     open_reader(*entry.cache, slice_of(entry, options, slice), environment)});
            }
        }
        return std::make_unique<CompositeReader>(slice.info, std::move(parts));
    }
    Result operator()(const FallbackOptions& options) const {
        std::vector<std::unique_ptr<TileReader>> stores;
        for (const auto* const part : options.caches) {
            stores.push_back(open_reader(*part, slice, environment));
        }
        return std::make_unique<FallbackReader>(std::move(stores));
    }
    Result operator()(const MultitierOptions& options) const {
        std::vector<MultitierReader::Tier> tiers;
        for (const auto* const part : options.caches) {
            tiers.push_back(
                {open_reader(*part, slice, environment),
                 part == options.caches.back() ? nullptr : open_keeper(options, *part)});
        }
        return std::make_unique<MultitierReader>(std::move(tiers), environment.warn);
    }

    template <typename NotBuiltIn>
    Result operator()(const NotBuiltIn&) const {
        fail_missing(cache);
    }

    /// A faster cache that cannot be written is read all the same.
    std::unique_ptr<TileWriter> open_keeper(const MultitierOptions& options,
                                            const CacheSpec& part) const {
        if (!options.promotes || slice.promotion == Promotion::off) {
            return nullptr;
        }
        try {
            return open_writer(part, slice, environment);
        } catch (const Error& error) {
            if (environment.warn) {
                environment.warn(fmt::format("cache '{}' keeps no tiles of slower ones: {}",
                                             part.name, error.what()));
            }
            return nullptr;
        }
    }
};

/// Opens each type of cache for writing.
struct OpenWriter {
    using Result = std::unique_ptr<TileWriter>;

    const CacheSpec& cache;
    const TilesetSlice& slice;
    const StoreEnvironment& environment;

    Result operator()(const DiskOptions& options) const {
        return std::make_unique<DiskWriter>(options, slice, environment.locker);
    }
    Result operator()(const sqlite::CacheOptions& options) const {
        return std::make_unique<sqlite::CacheWriter>(options, slice);
    }
    Result operator()(const TiffOptions& options) const {
        return std::make_unique<TiffWriter>(options, slice, environment.locker);
    }
#ifdef OFFGRID_HAS_BDB
    Result operator()(const BdbOptions& options) const {
        return std::make_unique<BdbWriter>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_LMDB
    Result operator()(const LmdbOptions& options) const {
        return std::make_unique<LmdbWriter>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_MEMCACHE
    Result operator()(const MemcacheOptions& options) const {
        return std::make_unique<MemcacheWriter>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_REDIS
    Result operator()(const RedisOptions& options) const {
        return std::make_unique<RedisWriter>(options, slice);
    }
#endif
#ifdef OFFGRID_HAS_HTTP
    Result operator()(const HttpOptions& options) const {
        return std::make_unique<HttpWriter>(options, slice);
    }
    Result operator()(const RiakOptions& options) const {
        return std::make_unique<RiakWriter>(options, slice);
    }
#endif
    Result operator()(const CompositeOptions& options) const {
        std::vector<CompositeWriter::Span> spans;
        std::vector<std::unique_ptr<TileWriter>> writers;
        std::map<const CacheSpec*, std::size_t> opened;  // two writers of one file would block
        for (const auto& entry : options.entries) {
            if (!matches(entry, slice)) {
                continue;
            }
            const auto [known, is_new] = opened.emplace(entry.cache, writers.size());
            if (is_new) {
                writers.push_back(
                    open_writer(*entry.cache, slice_of(entry, options, slice), environment));
            }
            spans.push_back({entry.min_zoom, entry.max_zoom, known->second});
        }
        return std::make_unique<CompositeWriter>(cache.name, std::move(spans), std::move(writers));
    }
    Result operator()(const FallbackOptions& options) const {
        return std::make_unique<FallbackWriter>(open_each(options.caches));
    }
    Result operator()(const MultitierOptions& options) const {
        return std::make_unique<MultitierWriter>(open_each(options.caches));
    }

    template <typename NotBuiltIn>
    Result operator()(const NotBuiltIn&) const {
        fail_missing(cache);
    }

    /// In their order, the last of a cache that is named twice.
    std::vector<Result> open_each(const std::vector<const CacheSpec*>& caches) const {
        std::vector<Result> stores;
        for (auto part = caches.begin(); part != caches.end(); ++part) {
            if (std::find(part + 1, caches.end(), *part) == caches.end()) {
                stores.push_back(open_writer(**part, slice, environment));
            }
        }
        return stores;
    }
};

/// Open with the cache's name in front of a failure, unless the store has said it.
template <typename Opener>
typename Opener::Result open(const Opener& opener) {
    const auto& name = opener.cache.name;
    try {
        return std::visit(opener, opener.cache.options);
    } catch (const Error& error) {
        if (std::string_view{error.what()}.find(fmt::format("cache '{}'", name)) !=
            std::string_view::npos) {
            throw;
        }
        rethrow_with(error, "cache '{}'", name);
    }
}

RetryOptions retry_options(const CacheSpec& cache) {
    return {.retries = cache.retries, .delay = cache.retry_delay};
}

/// Which caches gain by several writers.
struct GainsByParallelWriters {
    bool operator()(const MemcacheOptions&) const { return true; }
    bool operator()(const RedisOptions&) const { return true; }
    bool operator()(const HttpOptions&) const { return true; }
    bool operator()(const RiakOptions&) const { return true; }
    bool operator()(const CompositeOptions& options) const {
        return std::ranges::all_of(options.entries, [](const CompositeEntry& entry) {
            return gains_by_parallel_writers(*entry.cache);
        });
    }
    bool operator()(const FallbackOptions& options) const { return all(options.caches); }
    bool operator()(const MultitierOptions& options) const { return all(options.caches); }

    /// Files and databases on this machine have one writer at a time.
    template <typename InFiles>
    bool operator()(const InFiles&) const {
        return false;
    }

    static bool all(const std::vector<const CacheSpec*>& caches) {
        return std::ranges::all_of(
            caches, [](const CacheSpec* cache) { return gains_by_parallel_writers(*cache); });
    }
};

}  // namespace

std::span<const StoreType> store_types() {
    return types;
}

std::unique_ptr<TileReader> open_reader(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment) {
    auto reader = open(OpenReader{cache, slice, environment});
    if (cache.retries == 0) {
        return reader;
    }
    return std::make_unique<RetryReader>(std::move(reader), retry_options(cache));
}

std::unique_ptr<TileWriter> open_writer(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment) {
    auto writer = open(OpenWriter{cache, slice, environment});
    if (cache.retries == 0) {
        return writer;
    }
    return std::make_unique<RetryWriter>(std::move(writer), retry_options(cache));
}

bool gains_by_parallel_writers(const CacheSpec& cache) {
    return std::visit(GainsByParallelWriters{}, cache.options);
}

}  // namespace offgrid
