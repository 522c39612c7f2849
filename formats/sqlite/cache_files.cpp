#include "formats/sqlite/cache_files.h"

#include "formats/image/blank.h"
#include "formats/sqlite/long_steps.h"
#include "formats/sqlite/mbtiles_store.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace offgrid::sqlite {
namespace {

/// Seconds since 1970 as a time; nothing for one that the clock cannot tell, which ends in 2262.
std::optional<std::chrono::system_clock::time_point> time_of(std::int64_t seconds) {
    using Clock = std::chrono::system_clock;
    constexpr auto last =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::duration::max()).count();
    if (seconds < -last || seconds > last) {
        return std::nullopt;
    }
    return Clock::time_point{std::chrono::seconds{seconds}};
}

}  // namespace

CacheFiles::CacheFiles(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool)
    : options_{options},
      slice_{std::move(slice)},
      names_{in_cache([&] {
          return PathTemplate{options.file, options.path};
      })},
      found_{names_, *slice_.info.grid, slice_.values},
      statement_slice_{options, slice_},
      sql_{in_cache([&] { return CacheSql{options}; })},
      pragmas_{in_cache([&] { return pragmas_of(options); })},
      pool_{pool} {}

CacheFiles::~CacheFiles() {
    const auto names = names_.with_texts(*slice_.info.grid, slice_.values);
    pool_.close_idle([&](const std::string& path) { return names.match(path).has_value(); });
}

std::vector<std::string> CacheFiles::list() const {
    return in_cache([&] { return found_.list(); });
}

std::vector<std::string> CacheFiles::list(const TileRange& range) const {
    return in_cache([&] { return found_.list(range); });
}

/// Waits for locks as long as a writer would: what others commit between two slices may be much.
template <typename Bind, typename Visit>
void CacheFiles::run(const std::string& file, CacheScanQuery query, const Bind& bind,
                     const Visit& visit) const {
    FileIdentity shown;
    const auto lease = in_cache([&] { return open(file, shown); });
    if (!lease) {
        return;
    }
    auto& db = (*lease)->db();
    db.wait_for_locks(pragmas_.busy_timeout.value_or(options_.write_timeout));
    const LongSteps long_steps{db};
    auto scan = in_cache([&] {
        const auto& sql = sql_.scan(**lease, query);
        return CacheScan{sql, (*lease)->scan_statements(sql), bind};
    });
    while (in_cache([&] { return scan.read(); })) {
        scan.visit(visit);
    }
}

void CacheFiles::list_tiles(const std::string& file, const Visitor& visit) const {
    run(
        file, CacheScanQuery::rows,
        [&](CacheStatement& statement) { statement_slice_.bind(statement); },
        [&](const CacheScan::Row& row) {
            visit(statement_slice_.key_of(row.z, row.x, row.y), row.bytes);
        });
}

/// A connection to the file that has the name now, which is told, or nothing when there is none.
std::optional<CacheFilePool::Lease> CacheFiles::open(const std::string& path,
                                                     FileIdentity& shown) const {
    for (;;) {
        const auto file = identify(path);
        if (!file || file->size == 0) {
            return std::nullopt;
        }
        auto lease = pool_.acquire(path, handle_timeout);
        if (lease->shows(*file)) {
            shown = *file;
            lease->set_pragmas(pragmas_.of_readers);
            lease->db().wait_for_locks(pragmas_.busy_timeout.value_or(options_.read_timeout));
            return lease;
        }
        lease.discard();
    }
}

std::optional<Tile> CacheFiles::read(const std::string& file, const TileKey& key) const {
    FileIdentity shown;
    const auto lease = open(file, shown);
    if (!lease) {
        return std::nullopt;
    }
    auto& statement = sql_.statement(**lease, CacheQuery::get);
    statement_slice_.bind(statement, key);
    auto run = statement.run();
    if (!run.step()) {
        return std::nullopt;
    }
    const auto stored = run.row().blob(0);
    if (stored.empty()) {
        return std::nullopt;
    }
    Tile tile;
    if (const auto colour = match_blank_mark(stored)) {
        const auto size = slice_.info.grid->tile_size();
        tile.content = blank_png(*colour, size, size);
    } else {
        tile.content.assign(stored.begin(), stored.end());
    }
    if (run.row().columns() > 1 && !run.row().is_null(1)) {
        tile.modified = time_of(run.row().integer(1));
    } else if (options_.schema == CacheSchema::mbtiles_dated && options_.keeps_times) {
        tile.modified = shown.modified;
    }
    return tile;
}

bool CacheFiles::has(const std::string& file, const TileKey& key) const {
    FileIdentity shown;
    const auto lease = open(file, shown);
    if (!lease) {
        return false;
    }
    auto& statement = sql_.statement(**lease, CacheQuery::exists);
    statement_slice_.bind(statement, key);
    auto run = statement.run();
    return run.step() && !run.row().blob(0).empty();  // a number is not empty
}

void CacheFiles::visit_rows(const std::string& file, const TileRange& range, CacheScanQuery query,
                            const RowVisitor& visit) const {
    run(
        file, query, [&](CacheStatement& statement) { statement_slice_.bind(statement, range); },
        [&](const CacheScan::Row& row) {
            visit(statement_slice_.key_of(range.z, row.x, row.y), row);
        });
}

}  // namespace offgrid::sqlite
