#include "formats/sqlite/cache_schema.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid::sqlite {
namespace {

/// As MapCache has it, so that it finds what it would create.
constexpr std::string_view tiles_ddl =
    "create table if not exists tiles(tileset text, grid text, x integer, y integer, z integer,"
    " data blob, dim text, ctime datetime, primary key(tileset,grid,x,y,z,dim))";

constexpr std::string_view of_slice = " where tileset=:tileset and grid=:grid and dim=:dim";
constexpr std::string_view of_tile = " and x=:x and y=:y and z=:z";

constexpr std::array mbtiles_layouts{MbtilesLayout::flat, MbtilesLayout::flat_with_hash,
                                     MbtilesLayout::map_images, MbtilesLayout::map_images_by_zoom,
                                     MbtilesLayout::shallow_data};

std::string_view word_for(CacheQuery query) {
    switch (query) {
        case CacheQuery::exists:
            return "exists";
        case CacheQuery::get:
            return "get";
        case CacheQuery::set:
            return "set";
        case CacheQuery::erase:
            return "delete";
        case CacheQuery::get_dated:
            break;
    }
    return {};
}

std::string create_sql(const CacheOptions& options) {
    if (!options.queries.create.empty()) {
        return options.queries.create;
    }
    switch (options.schema) {
        case CacheSchema::tiles:
            return std::string{tiles_ddl};
        case CacheSchema::mbtiles:
            return mbtiles_ddl;
        case CacheSchema::mbtiles_flat:
            return mbtiles_flat_ddl;
        case CacheSchema::mbtiles_hashed:
            return mbtiles_flat_with_hash_ddl;
        case CacheSchema::mbtiles_dated:
            return mbtiles_dated_ddl;
    }
    return {};
}

bool is_word(std::string_view text) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9');
    });
}

bool is_number(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::array<std::string_view, 3> pragmas_of_new_files{"page_size", "auto_vacuum",
                                                               "encoding"};
constexpr std::array<std::string_view, 3> pragmas_of_connections{"cache_size", "mmap_size",
                                                                 "temp_store"};

bool is_among(std::string_view name, const std::array<std::string_view, 3>& names) {
    return std::ranges::find(names, name) != names.end();
}

}  // namespace

CacheSql::CacheSql(const CacheOptions& options)
    : schema_{options.schema}, keeps_times_{options.keeps_times}, create_{create_sql(options)} {
    const auto& queries = options.queries;
    for (const auto& [query, sql] : {std::pair{CacheQuery::exists, &queries.exists},
                                     {CacheQuery::get, &queries.get},
                                     {CacheQuery::set, &queries.set},
                                     {CacheQuery::erase, &queries.erase}}) {
        if (!sql->empty()) {
            given_[query] = *sql;
        }
    }
    if (!queries.get.empty() && queries.exists.empty()) {
        given_[CacheQuery::exists] = queries.get;
    }
    const auto add = [&](Layout layout, CacheQuery query, std::string sql) {
        built_in_[{layout, query}] = std::move(sql);
    };
    add({}, CacheQuery::exists,
        fmt::format("select 1 from tiles{}{} and length(data) > 0", of_slice, of_tile));
    add({}, CacheQuery::get,
        fmt::format("select data, strftime('%s', ctime) from tiles{}{}", of_slice, of_tile));
    add({}, CacheQuery::set,
        "insert or replace into tiles(tileset,grid,x,y,z,data,dim,ctime)"
        " values (:tileset,:grid,:x,:y,:z,:data,:dim,datetime('now'))");
    add({}, CacheQuery::erase, fmt::format("delete from tiles{}{}", of_slice, of_tile));
    add_scans({}, {"z", "x", "y"},
              {fmt::format("select z, x, y, data from tiles{} and z=:z", of_slice),
               fmt::format("select z, x, y, length(data) from tiles{} and z=:z", of_slice),
               fmt::format("select z, x, y, length(data) from tiles{}", of_slice)});
    for (const auto layout : mbtiles_layouts) {
        add(layout, CacheQuery::exists, select_presence_sql(layout));
        add(layout, CacheQuery::get, select_tile_sql(layout));
        add(layout, CacheQuery::get_dated, select_dated_tile_sql(layout));
        add_scans(
            layout, mbtiles_address,
            {select_zoom_sql(layout, TileColumn::data), select_zoom_sql(layout, TileColumn::size),
             select_rows_sql(layout, TileColumn::size) + " WHERE true"});
    }
}

void CacheSql::add_scans(Layout layout, const std::array<std::string_view, 3>& address,
                         std::array<std::string, 3> selects) {
    auto& [scan, list, rows] = selects;
    scans_[{layout, CacheScanQuery::scan}] = {.select = std::move(scan), .address = address};
    scans_[{layout, CacheScanQuery::list}] = {
        .select = std::move(list), .address = address, .content = TileColumn::size};
    scans_[{layout, CacheScanQuery::rows}] = {.select = std::move(rows),
                                              .address = address,
                                              .extent = ScanExtent::all,
                                              .content = TileColumn::size};
}

bool CacheSql::can_scan() const {
    return !given(CacheQuery::get) && !given(CacheQuery::set);
}

const std::string* CacheSql::given(CacheQuery query) const {
    const auto found = given_.find(query);
    return found == given_.end() ? nullptr : &found->second;
}

CacheStatement& CacheSql::statement(CacheFile& file, CacheQuery query) const {
    if (const auto* const sql = given(query)) {
        try {
            return file.statement(*sql, StatementSource::operator_given);
        } catch (const Error& error) {
            rethrow_with(error, "query '{}'", word_for(query));
        }
    }
    const auto layout = layout_of(file);
    auto& statement = file.statement(built_in_.at({layout, query}));
    const bool wants_times =
        schema_ == CacheSchema::mbtiles_dated && query == CacheQuery::get && keeps_times_;
    return wants_times && file.has_times(statement)
               ? file.statement(built_in_.at({layout, CacheQuery::get_dated}))
               : statement;
}

const ScanSql& CacheSql::scan(CacheFile& file, CacheScanQuery query) const {
    return scans_.at({layout_of(file), query});
}

CacheSql::Layout CacheSql::layout_of(CacheFile& file) const {
    if (schema_ != CacheSchema::tiles) {
        return file.mbtiles_layout();
    }
    file.check_tiles_table();
    return std::nullopt;
}

CachePragmas pragmas_of(const CacheOptions& options) {
    CachePragmas pragmas;
    for (const auto& [name, value] : options.pragmas) {
        if (!is_word(name) || !(is_word(value) || is_number(value))) {
            throw Error{
                Errc::invalid_argument,
                fmt::format("pragma '{}' with the value '{}' is no name with a word or a number",
                            name, value)};
        }
        const auto key = lower_case(name);
        if (key == "busy_timeout") {
            pragmas.busy_timeout =
                std::chrono::milliseconds{std::max(0, parse_number<int>(value).value_or(0))};
            continue;
        }
        const auto sql = fmt::format("PRAGMA {}={};", name, value);
        (is_among(key, pragmas_of_new_files) ? pragmas.before_tables : pragmas.others) += sql;
        if (is_among(key, pragmas_of_connections)) {
            pragmas.of_readers += sql;
        }
    }
    return pragmas;
}

void check_pragmas_for_writing(const CacheOptions& options) {
    for (const auto& [name, value] : options.pragmas) {
        const auto key = lower_case(name);
        if (key == "writable_schema" || (key == "journal_mode" && lower_case(value) == "off")) {
            throw Error{Errc::unsupported,
                        fmt::format("cache '{}': pragma '{}' with the value '{}' is not set when "
                                    "writing: a tile that fails would damage the file",
                                    options.name, name, value)};
        }
    }
}

}  // namespace offgrid::sqlite
