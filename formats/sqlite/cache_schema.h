#pragma once

#include "formats/sqlite/cache_file.h"
#include "formats/sqlite/cache_options.h"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace offgrid::sqlite {

/// What is asked of a file of a cache.
enum class CacheQuery {
    exists,  ///< a row when the tile is there
    get,     ///< its content and, where the table has it, the time of its last change
    set,
    erase,
    get_dated,  ///< as `get`, with the time from `tiles_metadata`
};

/// What a scan of a file of a cache visits.
enum class CacheScanQuery {
    scan,  ///< the tiles of a range with their content
    list,  ///< the same with their size
    rows,  ///< every tile of the slice with its size
};

/// The SQL of one cache for each question and layout: that of the operator where there is one, else
/// that of the schema, on base tables that are known. Immutable; safe for concurrent use.
class CacheSql {
public:
    explicit CacheSql(const CacheOptions& options);

    /// Whether tiles can be listed: a statement of the operator may keep them anywhere.
    bool can_scan() const;

    /// The statement, compiled in the file. Throws `corrupt` when the file has other tables.
    /// REQUIRES: not `set` and `erase` of an MBTiles schema unless the operator gave them.
    CacheStatement& statement(CacheFile& file, CacheQuery query) const;

    /// What a scan asks of the tables of the file. Throws `corrupt` when the file has other tables.
    const ScanSql& scan(CacheFile& file, CacheScanQuery query) const;

    /// What the operator gave, or nothing.
    const std::string* given(CacheQuery query) const;

    /// The statements that make a new file, or all that an operator wants run.
    const std::string& create() const { return create_; }

private:
    /// Nothing: the table `tiles` of MapCache.
    using Layout = std::optional<MbtilesLayout>;

    void add_scans(Layout layout, const std::array<std::string_view, 3>& address,
                   std::array<std::string, 3> selects);
    Layout layout_of(CacheFile& file) const;

    CacheSchema schema_;
    bool keeps_times_;
    std::string create_;
    std::map<CacheQuery, std::string> given_;
    std::map<std::pair<Layout, CacheQuery>, std::string> built_in_;
    std::map<std::pair<Layout, CacheScanQuery>, ScanSql> scans_;
};

/// The statements that set the pragmas. Throws `invalid_argument` naming the cache for a name or a
/// value that is more than a word or a number.
struct CachePragmas {
    std::string before_tables{};  ///< those that a file must have before its first table
    std::string others{};
    std::string of_readers{};  ///< those that change nothing but how a connection reads
    std::optional<std::chrono::milliseconds> busy_timeout{};  ///< in place of the cache's own
};
CachePragmas pragmas_of(const CacheOptions& options);

/// Throws `unsupported` naming the cache for pragmas that would take the safety from a file.
void check_pragmas_for_writing(const CacheOptions& options);

}  // namespace offgrid::sqlite
