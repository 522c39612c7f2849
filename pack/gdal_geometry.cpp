#include "pack/gdal_geometry.h"

#include "pack/gdal_error.h"

#include <fmt/format.h>

namespace offgrid::gdal {

OGRSpatialReference srs_named(const std::string& name) {
    const Messages messages;
    OGRSpatialReference srs;
    srs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);  // east, then north
    if (srs.SetFromUserInput(name.c_str()) != OGRERR_NONE) {
        throw messages.error(Errc::unsupported, fmt::format("unknown CRS {}", name));
    }
    return srs;
}

Transformation transformation_between(const OGRSpatialReference& from,
                                      const OGRSpatialReference& to) {
    const Messages messages;
    Transformation transformation{OGRCreateCoordinateTransformation(&from, &to)};
    if (!transformation) {
        throw messages.error(Errc::unsupported, "no way between two CRS");
    }
    return transformation;
}

OGRPolygon polygon_of(const Box& box) {
    OGRLinearRing ring;
    ring.addPoint(box.min_x, box.min_y);
    ring.addPoint(box.max_x, box.min_y);
    ring.addPoint(box.max_x, box.max_y);
    ring.addPoint(box.min_x, box.max_y);
    ring.closeRings();
    OGRPolygon polygon;
    polygon.addRing(&ring);
    return polygon;
}

void collect_polygons(const OGRGeometry& geometry, OGRMultiPolygon& polygons) {
    const auto type = OGR_GT_Flatten(geometry.getGeometryType());
    if (type == wkbPolygon) {
        polygons.addGeometry(&geometry);
    } else if (OGR_GT_IsSubClassOf(type, wkbGeometryCollection) != 0) {
        for (const auto* const part : *geometry.toGeometryCollection()) {
            collect_polygons(*part, polygons);
        }
    } else if (OGR_GT_IsSubClassOf(type, wkbCurvePolygon) != 0) {
        const Geometry linear{geometry.getLinearGeometry()};
        polygons.addGeometry(linear.get());
    }
}

}  // namespace offgrid::gdal
