#include "pack/gdal_inspect.h"

#include "formats/tile/lonlat.h"
#include "pack/gdal_bands.h"
#include "pack/gdal_time.h"
#include "pack/gdal_transform.h"

#include <fmt/core.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace offgrid::gdal {
namespace {

constexpr double earth_semi_major_m = 6378137;

/// Every ellipsoid that was ever used for the Earth is within this of WGS 84.
constexpr double earth_tolerance = 0.01;

/// Points along an edge of the source and of the grid at which their relation is looked at.
constexpr int lattice = 65;

bool has_geotransform(GDALDataset& dataset, double (&geotransform)[6]) {
    return dataset.GetGeoTransform(geotransform) == CE_None;
}

/// The CRS that places the source. Throws when nothing places it on the Earth.
OGRSpatialReference checked_crs(GDALDataset& dataset, const std::string& name) {
    double geotransform[6];
    const bool has_points = dataset.GetGCPCount() > 0;
    const bool has_polynomials = dataset.GetMetadata("RPC") != nullptr;
    if (!has_geotransform(dataset, geotransform) && !has_points && !has_polynomials) {
        throw Error{
            Errc::unsupported,
            fmt::format("{}: no georeferencing: nothing says where on the Earth it lies", name)};
    }
    const auto* crs = dataset.GetSpatialRef();
    if (crs == nullptr && has_points) {
        crs = dataset.GetGCPSpatialRef();
    }
    if (crs == nullptr && has_polynomials) {
        return OGRSpatialReference{SRS_WKT_WGS84_LAT_LONG};  // what they speak
    }
    if (crs == nullptr || crs->IsEmpty() != 0) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: no CRS: name one with gdal_edit.py -a_srs", name)};
    }
    if (crs->IsLocal() != 0) {
        throw Error{Errc::unsupported, fmt::format("{}: its CRS is local, not of the Earth", name)};
    }
    OGRErr failure = OGRERR_NONE;
    const double semi_major = crs->GetSemiMajor(&failure);
    if (failure != OGRERR_NONE || std::abs(semi_major / earth_semi_major_m - 1) > earth_tolerance) {
        const char* const crs_name = crs->GetName();
        throw Error{Errc::unsupported,
                    fmt::format("{}: its CRS '{}' is not of the Earth (semi-major axis {:.0f} m)",
                                name, crs_name != nullptr ? crs_name : "", semi_major)};
    }
    return *crs;
}

bool is_same(const OGRSpatialReference& crs, const std::string& definition) {
    OGRSpatialReference other;
    if (other.SetFromUserInput(definition.c_str()) != OGRERR_NONE) {
        return false;
    }
    const char* const options[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES",
                                   "CRITERION=EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS", nullptr};
    return crs.IsSame(&other, options) != 0;
}

std::optional<StraightMapping> straight_mapping(GDALDataset& dataset,
                                                const OGRSpatialReference& crs, const Grid& grid) {
    double geotransform[6];
    if (!has_geotransform(dataset, geotransform) || geotransform[2] != 0 || geotransform[4] != 0 ||
        geotransform[1] == 0 || geotransform[5] == 0) {
        return std::nullopt;
    }
    const bool is_grid_crs = is_same(crs, grid.srs());
    const bool is_lonlat = !is_grid_crs && is_same(crs, "EPSG:4326") &&
                           to_lonlat(grid.srs(), grid.extent()).has_value();
    if (!is_grid_crs && !is_lonlat) {
        return std::nullopt;
    }
    return StraightMapping{.origin_x = geotransform[0],
                           .origin_y = geotransform[3],
                           .step_x = geotransform[1],
                           .step_y = geotransform[5],
                           .is_lonlat = is_lonlat};
}

Box straight_box(const SourceInfo& info) {
    const auto& mapping = *info.straight;
    const double other_x = mapping.origin_x + mapping.step_x * info.width;
    const double other_y = mapping.origin_y + mapping.step_y * info.height;
    return {std::min(mapping.origin_x, other_x), std::min(mapping.origin_y, other_y),
            std::max(mapping.origin_x, other_x), std::max(mapping.origin_y, other_y)};
}

/// Cover and resolution of a straight source. Longitudes repeat: one that lies past the
/// antimeridian covers both sides.
void measure_straight(SourceInfo& info, const Grid& grid) {
    const auto& mapping = *info.straight;
    const auto box = straight_box(info);
    const bool is_degrees = mapping.is_lonlat || grid.srs() == "EPSG:4326";
    for (const double shift : {-360.0, 0.0, 360.0}) {
        if (shift != 0 && !is_degrees) {
            continue;
        }
        const Box world{-180, -90, 180, 90};
        Box shifted{box.min_x + shift, box.min_y, box.max_x + shift, box.max_y};
        if (is_degrees) {
            shifted = intersection(shifted, world);
        }
        const auto cover =
            mapping.is_lonlat ? from_lonlat(grid.srs(), shifted) : std::optional{shifted};
        const auto inside = intersection(cover.value_or(shifted), grid.extent());
        if (!shifted.is_empty() && !inside.is_empty()) {
            info.covers.push_back(inside);
        }
    }
    info.resolution = std::sqrt(std::abs(mapping.step_x * mapping.step_y));
    if (mapping.is_lonlat) {
        // One degree of longitude on the equator, and the stretch of Web Mercator where the source
        // is nearest to it.
        const double nearest = box.min_y > 0 ? box.min_y : std::min(0.0, box.max_y);
        const double stretch = std::cos(std::min(std::abs(nearest), 85.0) * std::numbers::pi / 180);
        info.resolution *= grid.extent().width() / 360 / std::sqrt(stretch);
    }
}

/// The finest resolution among points of the source: the geometric mean of both directions.
double finest_resolution(const SourceInfo& info, const Transform& transform) {
    constexpr int points_along = 17;
    Points points;
    for (int row = 0; row < points_along; ++row) {
        for (int column = 0; column < points_along; ++column) {
            const double x = (info.width - 1.0) * column / (points_along - 1);
            const double y = (info.height - 1.0) * row / (points_along - 1);
            points.add(x, y);
            points.add(x + 1, y);
            points.add(x, y + 1);
        }
    }
    transform.to_grid(points);
    double finest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < points.size(); i += 3) {
        if (points.is_valid[i] == 0 || points.is_valid[i + 1] == 0 || points.is_valid[i + 2] == 0) {
            continue;
        }
        const double area =
            std::abs((points.x[i + 1] - points.x[i]) * (points.y[i + 2] - points.y[i]) -
                     (points.x[i + 2] - points.x[i]) * (points.y[i + 1] - points.y[i]));
        if (area > 0) {
            finest = std::min(finest, std::sqrt(area));
        }
    }
    return finest;
}

/// Points of the source in the grid.
struct Footprint {
    Points points;
    bool is_whole = true;  ///< false where the source has pixels that are nowhere, as beyond a limb
};

/// A lattice over the source there, and a lattice over the grid back, so that a pole or a limb
/// inside the source is found too.
Footprint footprint_in(const SourceInfo& info, const Transform& transform, const Grid& grid) {
    Footprint footprint;
    auto& found = footprint.points;
    Points there;
    for (int row = 0; row < lattice; ++row) {
        for (int column = 0; column < lattice; ++column) {
            there.add(info.width * (column / (lattice - 1.0)),
                      info.height * (row / (lattice - 1.0)));
        }
    }
    transform.to_grid(there);
    for (std::size_t i = 0; i < there.size(); ++i) {
        if (there.is_valid[i] != 0) {
            found.add(there.x[i], there.y[i]);
        } else {
            footprint.is_whole = false;
        }
    }
    Points back;
    const auto& extent = grid.extent();
    for (int row = 0; row < lattice; ++row) {
        for (int column = 0; column < lattice; ++column) {
            back.add(extent.min_x + extent.width() * column / (lattice - 1.0),
                     extent.min_y + extent.height() * row / (lattice - 1.0));
        }
    }
    const Points targets = back;
    transform.to_source(back);
    for (std::size_t i = 0; i < back.size(); ++i) {
        if (back.is_valid[i] != 0 && back.x[i] >= 0 && back.y[i] >= 0 && back.x[i] <= info.width &&
            back.y[i] <= info.height) {
            found.add(targets.x[i], targets.y[i]);
        }
    }
    return footprint;
}

/// The boxes that hold the points: one, or two where they leave more than half of the grid's width
/// free between them, as a source across the antimeridian does.
std::vector<Box> boxes_around(const Points& points, const Grid& grid) {
    const auto& extent = grid.extent();
    std::vector<double> columns = points.x;
    std::ranges::sort(columns);
    double gap = 0;
    double gap_begin = 0;
    for (std::size_t i = 1; i < columns.size(); ++i) {
        if (columns[i] - columns[i - 1] > gap) {
            gap = columns[i] - columns[i - 1];
            gap_begin = columns[i - 1];
        }
    }
    const auto [south, north] = std::ranges::minmax(points.y);
    if (gap < extent.width() / 2) {
        return {intersection({columns.front(), south, columns.back(), north}, extent)};
    }
    return {intersection({extent.min_x, south, gap_begin, north}, extent),
            intersection({gap_begin + gap, south, extent.max_x, north}, extent)};
}

void measure_transformed(SourceInfo& info, GDALDataset& dataset, const Grid& grid) {
    const Transform transform{dataset, info.name, grid};
    const auto [points, is_whole] = footprint_in(info, transform, grid);
    info.resolution = finest_resolution(info, transform);
    if (points.size() == 0 || !std::isfinite(info.resolution)) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: none of it can be transformed to {}", info.name, grid.srs())};
    }
    for (auto box : boxes_around(points, grid)) {
        // The points miss the curve of an edge between them by less than a pixel or two, and a limb
        // by less than their distance.
        const double margin =
            is_whole ? 2 * info.resolution : grid.extent().width() / (lattice - 1.0);
        box = intersection(
            {box.min_x - margin, box.min_y - margin, box.max_x + margin, box.max_y + margin},
            grid.extent());
        if (!box.is_empty()) {
            info.covers.push_back(box);
        }
    }
}

}  // namespace

SourceInfo inspect(const std::string& name, GDALDataset& dataset, const Grid& grid,
                   const BandOptions& bands) {
    SourceInfo info{
        .name = name, .width = dataset.GetRasterXSize(), .height = dataset.GetRasterYSize()};
    info.bands = plan_bands(dataset, name, bands);
    info.time = time_of(dataset, name);
    const auto crs = checked_crs(dataset, name);
    info.straight = straight_mapping(dataset, crs, grid);
    if (info.straight) {
        measure_straight(info, grid);
    } else {
        measure_transformed(info, dataset, grid);
    }
    if (info.covers.empty()) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: lies outside the grid {}", name, grid.name())};
    }
    return info;
}

}  // namespace offgrid::gdal
