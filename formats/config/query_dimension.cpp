#include "formats/config/query_dimension.h"

#include "formats/base/error.h"
#include "formats/sqlite/sqlite.h"

#include <cstdint>

namespace offgrid::config {
namespace {

constexpr std::size_t max_values = 10'000;
constexpr std::size_t max_value_bytes = 1024;

void bind_text(sqlite::Statement& statement, const char* name, std::string_view text) {
    if (const int index = statement.parameter(name); index > 0) {
        statement.bind(index, text);
    }
}

void bind_integer(sqlite::Statement& statement, const char* name, std::int64_t value) {
    if (const int index = statement.parameter(name); index > 0) {
        statement.bind(index, value);
    }
}

void bind_real(sqlite::Statement& statement, const char* name, double value) {
    if (const int index = statement.parameter(name); index > 0) {
        statement.bind_real(index, value);
    }
}

}  // namespace

void QueryDimension::append_rows(const std::string& query, const Request& request,
                                 std::vector<std::string>& values) const {
    try {
        sqlite::Db db{options_.file, sqlite::OpenMode::shared};
        db.allow_views_and_triggers();  // the operator's own query, which may use a view
        auto statement = db.prepare(query);
        bind_text(statement, ":dim", request.value);
        bind_text(statement, ":tileset", options_.tileset);
        bind_text(statement, ":gridsrs", options_.srs);
        bind_real(statement, ":minx", options_.extent.min_x);
        bind_real(statement, ":miny", options_.extent.min_y);
        bind_real(statement, ":maxx", options_.extent.max_x);
        bind_real(statement, ":maxy", options_.extent.max_y);
        if (request.interval) {
            bind_integer(statement, ":start_timestamp", request.interval->start);
            bind_integer(statement, ":end_timestamp", request.interval->end);
        }
        while (statement.step()) {
            if (values.size() == max_values) {
                throw Error{Errc::too_large, fmt::format("more than {} values", max_values)};
            }
            values.emplace_back(statement.text(0));
        }
    } catch (const Error& error) {
        rethrow_with(error, "dimension '{}'", name());
    }
}

std::vector<std::string> QueryDimension::resolve(std::string_view requested) const {
    std::vector<std::string> values;
    if (requested.size() > max_value_bytes) {
        return values;
    }
    if (!options_.is_time) {
        append_rows(options_.validate_query, {.value = requested}, values);
        return values;
    }
    const auto intervals = parse_time_intervals(requested);
    if (intervals) {
        for (const auto& interval : *intervals) {
            append_rows(options_.validate_query, {.value = requested, .interval = interval},
                        values);
        }
    }
    return values;
}

std::vector<std::string> QueryDimension::values() const {
    std::vector<std::string> values;
    append_rows(options_.list_query, {}, values);
    return values;
}

}  // namespace offgrid::config
