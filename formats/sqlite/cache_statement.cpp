#include "formats/sqlite/cache_statement.h"

#include "formats/tile/path_template.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace offgrid::sqlite {
namespace {

/// In the order of CacheParameter.
constexpr std::array<const char*, 18> names{
    ":x",  ":y",    ":z",     ":inv_x", ":inv_y", ":dim",   ":grid",    ":tileset", ":data",
    ":id", ":time", ":min_x", ":max_x", ":min_y", ":max_y", ":after_x", ":after_y", ":after_z"};

}  // namespace

CacheStatement::CacheStatement(Statement statement) : statement_{std::move(statement)} {
    std::ranges::transform(names, indices_.begin(),
                           [&](const char* name) { return statement_.parameter(name); });
}

void CacheStatement::execute() {
    auto execution = run();
    while (execution.step()) {  // what a statement of the operator returns is of no interest
    }
}

CacheSlice::CacheSlice(const CacheOptions& options, const TilesetSlice& slice)
    : grid_{*slice.info.grid},
      counts_from_south_{grid_.origin() == Grid::Origin::bottom_left || options.counts_from_south ||
                         options.schema == CacheSchema::mbtiles_flat ||
                         options.schema == CacheSchema::mbtiles_hashed ||
                         options.schema == CacheSchema::mbtiles_dated},
      tileset_{slice.values.tileset},
      dimensions_{joined_dimensions(slice.values)} {}

void CacheSlice::bind(CacheStatement& statement) const {
    statement.bind(CacheParameter::tileset, std::string_view{tileset_})
        .bind(CacheParameter::grid, std::string_view{grid_.name()})
        .bind(CacheParameter::dim, std::string_view{dimensions_});
}

void CacheSlice::bind(CacheStatement& statement, const TileKey& key) const {
    bind(statement);
    const auto row = row_of(key);
    statement.bind(CacheParameter::z, std::int64_t{key.z})
        .bind(CacheParameter::x, key.x)
        .bind(CacheParameter::y, row)
        .bind(CacheParameter::inv_x, grid_.matrix_width(key.z) - 1 - key.x)
        .bind(CacheParameter::inv_y, grid_.matrix_height(key.z) - 1 - row);
}

void CacheSlice::bind(CacheStatement& statement, const TileRange& range) const {
    bind(statement);
    const auto north = row_of({range.z, range.min_x, range.min_y});
    const auto south = row_of({range.z, range.min_x, range.max_y - 1});
    statement.bind(CacheParameter::z, std::int64_t{range.z})
        .bind(CacheParameter::min_x, range.min_x)
        .bind(CacheParameter::max_x, range.max_x - 1)
        .bind(CacheParameter::min_y, std::min(north, south))
        .bind(CacheParameter::max_y, std::max(north, south));
}

TileKey CacheSlice::key_of(std::int64_t z, std::int64_t x, std::int64_t row) const {
    constexpr std::int64_t beyond = std::int64_t{1} << 40;  // keeps the arithmetic within 64 bits
    const TileKey key{static_cast<int>(std::clamp<std::int64_t>(z, std::numeric_limits<int>::min(),
                                                                std::numeric_limits<int>::max())),
                      std::clamp(x, -beyond, beyond), std::clamp(row, -beyond, beyond)};
    const bool has_zoom = key.z >= 0 && key.z < grid_.levels();
    return has_zoom ? TileKey{key.z, key.x, row_of(key)} : key;  // counting back is the same
}

}  // namespace offgrid::sqlite
