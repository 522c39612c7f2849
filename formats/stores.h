#pragma once

#include "formats/cache_spec.h"
#include "formats/sqlite/cache_store.h"
#include "formats/store/locker.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"
#include "formats/store_types.h"

#include <functional>
#include <memory>
#include <string>

namespace offgrid {

/// What the stores of a program share. Not owned by them; outlives them. The function is copied.
struct StoreEnvironment {
    sqlite::CacheFilePool& sqlite_files;
    Locker& locker;

    /// Told what is worth a line in a log: a tile that could not be promoted, a part of a cache
    /// that cannot be opened. Called by any thread.
    std::function<void(const std::string& message)> warn{};
};

/// Open the slice of a cache for reading. Throws what the store throws, which names the cache;
/// `unsupported` for a type that is not built in; `not_found` for a composite of which no entry has
/// the slice.
///
/// A cache that is made of others opens when one of them does: the reader of each of the others
/// throws at every call why it could not be opened.
std::unique_ptr<TileReader> open_reader(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment);

/// Open the slice of a cache for writing, as `open_reader`.
std::unique_ptr<TileWriter> open_writer(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment);

/// Whether several writers may write one slice at a time and gain by it: stores behind a network.
bool gains_by_parallel_writers(const CacheSpec& cache);

}  // namespace offgrid
