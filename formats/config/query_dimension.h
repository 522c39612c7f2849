#pragma once

#include "formats/config/mapcache_config.h"
#include "formats/config/time_interval.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::config {

struct QueryDimensionOptions {
    std::string file{};
    std::string validate_query{};  ///< the values that a request means
    std::string list_query{};      ///< all values
    std::string tileset{};
    std::string srs{};
    Box extent{};
    bool is_time = false;  ///< requests are times and intervals of them
};

/// A dimension whose values are in a SQLite file (mapcache.xml types `sqlite` and `time`). The file
/// is opened each time a value is asked for, so that a new one is seen, and never changed.
///
/// The queries may name `:dim :tileset :gridsrs :minx :miny :maxx :maxy :start_timestamp
/// :end_timestamp`. MapCache binds the extent of a tile where it has one; here it is that of the
/// tileset's first grid. Times are seconds since 1970; the end is one unit of the text's precision
/// later.
class QueryDimension final : public Dimension {
public:
    QueryDimension(std::string name, std::string default_value, QueryDimensionOptions options)
        : Dimension{std::move(name), std::move(default_value)}, options_{std::move(options)} {}

    /// Throws what SQLite says, naming the dimension and the file; `too_large` beyond 10,000
    /// values.
    std::vector<std::string> resolve(std::string_view requested) const override;
    std::vector<std::string> values() const override;

private:
    /// What a query is told about a request.
    struct Request {
        std::string_view value{};
        std::optional<TimeInterval> interval{};
    };

    void append_rows(const std::string& query, const Request& request,
                     std::vector<std::string>& values) const;

    QueryDimensionOptions options_;
};

}  // namespace offgrid::config
