#include "formats/store_types.h"

#include <array>

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
constexpr std::string_view missing_memcache = "built without memcache (OFFGRID_WITH_MEMCACHE)";
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
constexpr std::array<StoreType, 21> types{{
    {"disk",      "a folder of tiles, one file each",         true,  true,  true,  true,  false},
    {"sqlite3",   "MapCache's SQLite files, one or many",     true,  true,  true,  true,  false},
    {"mbtiles",   "MBTiles files, one or many",               true,  true,  true,  true,  false},
    {"tiff",      "JPEG tiles in GeoTIFF files",              true,  true,  true,  true,  false},
    {"pmtiles",   "a PMTiles file, made once",                true,  true,  true,  false, false},
    {"cog",       "one Cloud Optimized GeoTIFF, built once",  true,  true,  true,  false, false},
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
    {"geowebcache", "a SQLite store of GeoWebCache",          true,  true,  true,  true,  true},
    {"gpkg",      "the tiles in a GeoPackage, built once",    true,  true,  true,  false, false},
    {"package",   "a package or a depot's layer",             true,  false, true,  false, false},
}};
// clang-format on

}  // namespace

std::span<const StoreType> store_types() {
    return types;
}

}  // namespace offgrid
