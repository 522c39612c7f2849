#pragma once

#include "formats/tile/box.h"

#include <ogr_geometry.h>
#include <ogr_spatialref.h>

#include <memory>
#include <string>

namespace offgrid::gdal {

/// Straight lines are bent by a projection: points are put on them this densely.
constexpr double max_edge_degrees = 0.25;

struct DestroyTransformation {
    void operator()(OGRCoordinateTransformation* transformation) const noexcept {
        OGRCoordinateTransformation::DestroyCT(transformation);
    }
};
using Transformation = std::unique_ptr<OGRCoordinateTransformation, DestroyTransformation>;
using Geometry = std::unique_ptr<OGRGeometry>;

/// As GDAL's `SetFromUserInput` takes it; axes are east, then north, whatever its authority says.
/// Throws `unsupported`.
OGRSpatialReference srs_named(const std::string& name);

/// Throws `unsupported` where there is none.
Transformation transformation_between(const OGRSpatialReference& from,
                                      const OGRSpatialReference& to);

OGRPolygon polygon_of(const Box& box);

/// Add the polygons within a geometry, however deep; points and lines, which cutting leaves, are
/// dropped.
void collect_polygons(const OGRGeometry& geometry, OGRMultiPolygon& polygons);

}  // namespace offgrid::gdal
