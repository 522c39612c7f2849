#include "formats/gpkg/gpkg_reader.h"

#include "formats/base/error.h"
#include "formats/gpkg/spatial_reference.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

namespace offgrid::gpkg {
namespace {

namespace fs = std::filesystem;

/// Looking up which zooms have tiles may mean reading a whole index.
constexpr std::chrono::seconds opening_deadline{30};

/// How long a request waits for a handle before it is told to come back.
constexpr std::chrono::milliseconds handle_timeout{2'000};

Pyramid open_pyramid(const fs::path& path, const std::string& table) {
    GpkgFile file{path};
    file.db().set_deadline(opening_deadline);
    return read_pyramid(file.db(), table);
}

/// Throws `unsupported` when the tiles are not those of the grid.
MatrixMap map_onto(const Grid& grid, const Pyramid& pyramid) {
    if (!is_reference_of(pyramid.reference, grid)) {
        throw Error{Errc::unsupported, fmt::format("it is in {}, grid '{}' in {}",
                                                   pyramid.reference, grid.name(), grid.srs())};
    }
    return {pyramid.set, grid};
}

StoreInfo info_of(const Pyramid& pyramid, const MatrixMap& map, const Grid& grid) {
    StoreInfo info{
        .grid = &grid,
        .name = pyramid.identifier.empty() ? pyramid.table : pyramid.identifier,
        .description = pyramid.description,
    };
    if (!map.zooms().empty()) {
        info.min_zoom = map.zooms().front();
        info.max_zoom = map.zooms().back();
    }
    if (pyramid.content) {
        const auto content = intersection(*pyramid.content, grid.extent());
        info.bounds = content.is_empty() ? std::nullopt : to_lonlat(grid.srs(), content);
    }
    return info;
}

}  // namespace

std::vector<std::string> tile_tables_of(const fs::path& path) {
    GpkgFile file{path};
    return tile_tables(file.db());
}

const Grid& grid_of(const fs::path& path, const std::string& table) {
    const auto pyramid = open_pyramid(path, table);
    std::vector<std::string> reasons;
    for (const auto* const grid : Grid::built_in()) {
        try {
            map_onto(*grid, pyramid);
            return *grid;
        } catch (const Error& error) {
            reasons.emplace_back(error.what());
        }
    }
    throw Error{Errc::unsupported,
                fmt::format("{}: table '{}' has the tiles of no built-in grid: {}", path.string(),
                            pyramid.table, fmt::join(reasons, "; "))};
}

GpkgReader::GpkgReader(const fs::path& path, const std::string& table, const Grid& grid,
                       GpkgPool& pool)
    : GpkgReader{path, open_pyramid(path, table), grid, pool} {}

GpkgReader::GpkgReader(const fs::path& path, const Pyramid& pyramid, const Grid& grid,
                       GpkgPool& pool)
    : path_{pool.spelled(path.string())},
      table_{pyramid.table},
      pool_{pool},
      hold_{pool.hold({path_})},
      map_{[&] {
          try {
              return map_onto(grid, pyramid);
          } catch (const Error& error) {
              rethrow_with(error, "{}: table '{}'", path.string(), pyramid.table);
          }
      }()},
      info_{info_of(pyramid, map_, grid)} {
    if (path_.find('{') == std::string::npos) {
        listing_.emplace(*this);
    }
}

GpkgPool::Lease GpkgReader::acquire() const {
    return pool_.acquire(path_, handle_timeout);
}

std::optional<Tile> GpkgReader::get(const TileKey& key) const {
    const auto address = map_.address_of(key);
    return address ? acquire()->tiles_in(table_).get(*address) : std::nullopt;
}

bool GpkgReader::exists(const TileKey& key) const {
    const auto address = map_.address_of(key);
    return address && acquire()->tiles_in(table_).has(*address);
}

namespace {

/// Calls `visit_between` with the addresses of the first and the last tile of a range that the map
/// has.
template <typename VisitBetween>
void within(const MatrixMap& map, const TileRange& wanted, const VisitBetween& visit_between) {
    const auto covered = map.covered(wanted.z);
    const auto range = intersection(wanted, covered);
    if (covered.is_empty() || range.is_empty()) {
        return;
    }
    visit_between(*map.address_of({range.z, range.min_x, range.min_y}),
                  *map.address_of({range.z, range.max_x - 1, range.max_y - 1}));
}

}  // namespace

void GpkgReader::scan(const TileRange& range, const Visitor& visit) const {
    within(map_, range, [&](const Address& first, const Address& last) {
        acquire()->tiles_in(table_).scan(first, last,
                                         [&](const Address& address, BytesView content) {
                                             visit(*map_.key_of(address), content);
                                         });
    });
}

void GpkgReader::list(const TileRange& range, const SizeVisitor& visit) const {
    within(map_, range, [&](const Address& first, const Address& last) {
        acquire()->tiles_in(table_).list(first, last,
                                         [&](const Address& address, std::uint64_t bytes) {
                                             visit(*map_.key_of(address), bytes);
                                         });
    });
}

/// What lies outside the matrices of the file gets a zoom that no grid has.
void GpkgReader::Listing::list_tiles(const std::string& /*file*/, const Visitor& visit) const {
    reader_.acquire()
        ->tiles_in(reader_.table_)
        .list_all([&](const Address& address, std::uint64_t bytes) {
            const auto key = reader_.map_.key_of(address);
            visit(key ? *key : TileKey{-1, address.column, address.row}, bytes);
        });
}

}  // namespace offgrid::gpkg
