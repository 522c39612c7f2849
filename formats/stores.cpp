#include "formats/stores.h"

#include "formats/base/error.h"
#include "formats/combine/composite_store.h"
#include "formats/combine/failed_store.h"
#include "formats/combine/fallback_store.h"
#include "formats/combine/multitier_store.h"
#include "formats/combine/retry_store.h"
#include "formats/disk/disk_store.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "formats/tiff/cog_reader.h"
#include "formats/tiff/cog_writer.h"
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
#include <map>
#include <utility>

namespace offgrid {
namespace {

/// Writers of one tier behind a network that promote tiles at a time.
constexpr int max_keepers = 8;

/// A type that is not built in has no opener of its own, and ends here.
[[noreturn]] void fail_missing(const CacheSpec& cache) {
    const auto types = store_types();
    const auto type = std::ranges::find(types, cache.type, &StoreType::name);
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

/// For a composite of which no entry has the slice: whether there are tiles is not known.
[[noreturn]] void fail_unmatched(const CacheSpec& cache, const TilesetSlice& slice) {
    std::string dimensions;
    for (const auto& [name, value] : slice.values.dimensions) {
        dimensions += fmt::format(", {} '{}'", name, value);
    }
    throw Error{Errc::not_found, fmt::format("cache '{}': no cache for grid '{}'{}", cache.name,
                                             slice.info.grid->name(), dimensions)};
}

/// Opens the caches that another is made of, so that one that fails does not stop the others.
class PartOpener {
public:
    explicit PartOpener(const StoreEnvironment& environment) : environment_{environment} {}

    /// What `open` opens, else what `stand_in` makes of the failure.
    template <typename Open, typename StandIn>
    auto operator()(const Open& open, const StandIn& stand_in) {
        ++parts_;
        try {
            return open();
        } catch (const Error& error) {
            failures_.push_back(error);
            return stand_in(error);
        }
    }

    std::unique_ptr<TileReader> reader(const CacheSpec& part, const TilesetSlice& slice) {
        return (*this)([&] { return open_reader(part, slice, environment_); },
                       [&](const Error& error) -> std::unique_ptr<TileReader> {
                           return std::make_unique<FailedReader>(slice.info, error);
                       });
    }

    std::unique_ptr<TileWriter> writer(const CacheSpec& part, const TilesetSlice& slice) {
        return (*this)([&] { return open_writer(part, slice, environment_); },
                       [](const Error& error) -> std::unique_ptr<TileWriter> {
                           return std::make_unique<FailedWriter>(error);
                       });
    }

    /// Warn of the failures; throw the first when there is nothing else.
    void finish() const {
        if (!failures_.empty() && failures_.size() == parts_) {
            throw Error{failures_.front()};
        }
        for (const auto& failure : failures_) {
            if (environment_.warn) {
                environment_.warn(failure.what());
            }
        }
    }

private:
    const StoreEnvironment& environment_;
    std::vector<Error> failures_;
    std::size_t parts_ = 0;
};

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
    Result operator()(const PmtilesOptions& options) const {
        return std::make_unique<PmtilesReader>(options, *slice.info.grid);
    }
    Result operator()(const CogOptions& options) const {
        return std::make_unique<CogReader>(options, *slice.info.grid);
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
        PartOpener open{environment};
        std::vector<CompositeReader::Part> parts;
        for (const auto& entry : options.entries) {
            if (matches(entry, slice)) {
                parts.push_back({entry.min_zoom, entry.max_zoom,
                                 open.reader(*entry.cache, slice_of(entry, options, slice))});
            }
        }
        if (parts.empty()) {
            fail_unmatched(cache, slice);
        }
        open.finish();
        return std::make_unique<CompositeReader>(slice.info, std::move(parts), cache.name);
    }
    Result operator()(const FallbackOptions& options) const {
        PartOpener open{environment};
        std::vector<std::unique_ptr<TileReader>> stores;
        for (const auto* const part : options.caches) {
            stores.push_back(open.reader(*part, slice));
        }
        open.finish();
        return std::make_unique<FallbackReader>(std::move(stores));
    }
    Result operator()(const MultitierOptions& options) const {
        PartOpener open{environment};
        const bool promotes = options.promotes && slice.promotion == Promotion::on;
        std::vector<MultitierReader::Tier> tiers;
        for (const auto* const part : options.caches) {
            const bool is_last = part == options.caches.back();
            tiers.push_back({.reader = open.reader(*part, slice),
                             .open_keeper = promotes && !is_last ? keeper_of(*part) : nullptr,
                             .max_keepers = gains_by_parallel_writers(*part) ? max_keepers : 1});
        }
        open.finish();
        return std::make_unique<MultitierReader>(std::move(tiers), environment.warn);
    }

    template <typename NotBuiltIn>
    Result operator()(const NotBuiltIn&) const {
        fail_missing(cache);
    }

    MultitierReader::OpenKeeper keeper_of(const CacheSpec& part) const {
        return [&part, slice = slice, environment = environment] {
            return open_writer(part, slice, environment);
        };
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
    Result operator()(const PmtilesOptions& options) const {
        return std::make_unique<PmtilesWriter>(options, slice);
    }
    Result operator()(const CogOptions& options) const {
        return std::make_unique<CogWriter>(options, slice);
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
        PartOpener open{environment};
        std::map<const CacheSpec*, std::size_t> opened;  // two writers of one file would block
        for (const auto& entry : options.entries) {
            if (!matches(entry, slice)) {
                continue;
            }
            const auto [known, is_new] = opened.emplace(entry.cache, writers.size());
            if (is_new) {
                writers.push_back(open.writer(*entry.cache, slice_of(entry, options, slice)));
            }
            spans.push_back({entry.min_zoom, entry.max_zoom, known->second});
        }
        if (spans.empty()) {
            fail_unmatched(cache, slice);
        }
        open.finish();
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
        PartOpener open{environment};
        std::vector<Result> stores;
        for (auto part = caches.begin(); part != caches.end(); ++part) {
            if (std::find(part + 1, caches.end(), *part) == caches.end()) {
                stores.push_back(open.writer(**part, slice));
            }
        }
        open.finish();
        return stores;
    }
};

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

std::unique_ptr<TileReader> open_reader(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment) {
    auto reader = std::visit(OpenReader{cache, slice, environment}, cache.options);
    if (cache.retries == 0) {
        return reader;
    }
    return std::make_unique<RetryReader>(std::move(reader), retry_options(cache));
}

std::unique_ptr<TileWriter> open_writer(const CacheSpec& cache, const TilesetSlice& slice,
                                        const StoreEnvironment& environment) {
    auto writer = std::visit(OpenWriter{cache, slice, environment}, cache.options);
    if (cache.retries == 0) {
        return writer;
    }
    return std::make_unique<RetryWriter>(std::move(writer), retry_options(cache));
}

bool gains_by_parallel_writers(const CacheSpec& cache) {
    return std::visit(GainsByParallelWriters{}, cache.options);
}

}  // namespace offgrid
