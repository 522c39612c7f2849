#pragma once

#include "formats/cache_spec.h"
#include "formats/sqlite/cache_store.h"
#include "formats/store/locker.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace offgrid {

/// What a type of store can do. `offgrid stores` prints these.
struct StoreType {
    std::string_view name{};  ///< as mapcache.xml calls it, where it does
    std::string_view summary{};
    bool can_read = false;
    bool can_write = false;
    bool can_scan = false;
    bool can_erase = false;
    bool can_expire = false;
    std::string_view missing{};  ///< why it is not built in; empty: it is
};

/// Every type of store, in the order of the documentation.
std::span<const StoreType> store_types();

/// What the stores of a program share. Not owned by them; outlives them.
struct StoreEnvironment {
    sqlite::CacheFilePool& sqlite_files;
    Locker& locker;

    /// Told what is worth a line in a log: a tile that could not be promoted. Called by any thread.
    std::function<void(const std::string& message)> warn{};
};

/// Open the slice of a cache for reading. Throws what the store throws, with the cache's name in
/// front; `unsupported` for a type that is not built in.
std::unique_ptr<TileReader> open_reader(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment);

/// Open the slice of a cache for writing, as `open_reader`.
std::unique_ptr<TileWriter> open_writer(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment);

/// Whether several writers may write one slice at a time and gain by it: stores behind a network.
bool gains_by_parallel_writers(const CacheSpec& cache);

}  // namespace offgrid
