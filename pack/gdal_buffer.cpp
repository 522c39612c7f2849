#include "pack/gdal_buffer.h"

#include "pack/gdal_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace offgrid::gdal {
namespace {

/// Of latitude: 10 001 966 m from the equator to a pole (WGS 84).
constexpr double metres_a_degree = 111'133;

constexpr double max_buffered_degrees = 60;

/// Puts points on the side of 180 degrees on which the middle is.
class TurnTowards final : public OGRDefaultGeometryVisitor {
public:
    explicit TurnTowards(double middle) : middle_{middle} {}

    void visit(OGRPoint* point) override {
        const double turns = std::round((point->getX() - middle_) / 360);
        point->setX(point->getX() - 360 * turns);
    }

private:
    using OGRDefaultGeometryVisitor::visit;

    double middle_;
};

class TurnBy final : public OGRDefaultGeometryVisitor {
public:
    explicit TurnBy(double degrees) : degrees_{degrees} {}

    void visit(OGRPoint* point) override { point->setX(point->getX() + degrees_); }

private:
    using OGRDefaultGeometryVisitor::visit;

    double degrees_;
};

/// The plane shows half of the world, with ever more distortion, and no pole may be in it.
void require_room(const OGREnvelope& degrees, double metres, const std::string& name) {
    const double reach = std::abs(metres) / metres_a_degree;
    if (degrees.MaxX - degrees.MinX > max_buffered_degrees ||
        degrees.MaxY - degrees.MinY > max_buffered_degrees) {
        throw Error{Errc::unsupported,
                    fmt::format("{}: a polygon of {:.0f} by {:.0f} degrees is too large for "
                                "--buffer, which takes {:.0f}",
                                name, degrees.MaxX - degrees.MinX, degrees.MaxY - degrees.MinY,
                                max_buffered_degrees)};
    }
    if (std::max(std::abs(degrees.MinY), std::abs(degrees.MaxY)) + reach >= 90) {
        throw Error{Errc::unsupported, fmt::format("{}: --buffer would reach over a pole", name)};
    }
}

/// What lies beyond 180 degrees is put where it is: on the other side.
Geometry within_180_degrees(const OGRGeometry& geometry) {
    auto all = std::make_unique<OGRMultiPolygon>();
    for (const double turn : {-360.0, 0.0, 360.0}) {
        const auto frame = polygon_of({turn - 180, -90, turn + 180, 90});
        const Geometry part{geometry.Intersection(&frame)};
        if (!part) {
            return nullptr;
        }
        TurnBy back{-turn};
        part->accept(&back);
        collect_polygons(*part, *all);
    }
    return all;
}

/// Nothing when it cannot be taken to the plane and back.
Geometry buffered_polygon(const OGRPolygon& polygon, double metres, const std::string& name) {
    const auto lonlat = srs_named("OGC:CRS84");
    OGREnvelope envelope;
    polygon.getEnvelope(&envelope);
    const double middle = (envelope.MinX + envelope.MaxX) / 2;
    require_room(envelope, metres, name);
    const auto plane = srs_named(fmt::format("+proj=aeqd +lat_0={} +lon_0={} +datum=WGS84 +units=m",
                                             (envelope.MinY + envelope.MaxY) / 2, middle));
    Geometry geometry{polygon.clone()};
    geometry->segmentize(max_edge_degrees);
    if (geometry->transform(transformation_between(lonlat, plane).get()) != OGRERR_NONE) {
        return nullptr;
    }
    geometry.reset(geometry->Buffer(metres));
    if (!geometry || geometry->IsEmpty() != 0) {
        return geometry;
    }
    if (geometry->transform(transformation_between(plane, lonlat).get()) != OGRERR_NONE) {
        return nullptr;
    }
    TurnTowards towards{middle};
    geometry->accept(&towards);
    geometry.reset(geometry->MakeValid());
    return geometry ? within_180_degrees(*geometry) : nullptr;
}

}  // namespace

Geometry buffered(const OGRGeometry& degrees, double metres, const std::string& name) {
    OGRMultiPolygon polygons;
    collect_polygons(degrees, polygons);
    OGRMultiPolygon grown;
    for (const auto* const polygon : polygons) {
        const auto part = buffered_polygon(*polygon, metres, name);
        if (!part) {
            return nullptr;
        }
        collect_polygons(*part, grown);
    }
    return Geometry{grown.UnionCascaded()};
}

}  // namespace offgrid::gdal
