#include "pack/gdal_region.h"

#include "formats/tile/lonlat.h"
#include "pack/gdal_buffer.h"
#include "pack/gdal_error.h"
#include "pack/gdal_geometry.h"

#include <fmt/format.h>
#include <gdal_alg.h>
#include <ogr_api.h>
#include <ogr_geometry.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

namespace offgrid::gdal {
namespace {

/// Points at least along an edge as long as its geometry.
constexpr double points_along = 256;

/// Points along each edge of a box that is transformed.
constexpr int points_on_an_edge = 21;

struct DestroyPrepared {
    void operator()(OGRPreparedGeometry* prepared) const noexcept {
        OGRDestroyPreparedGeometry(prepared);
    }
};

class GeometryRegion final : public Region {
public:
    explicit GeometryRegion(Geometry geometry)
        : geometry_{std::move(geometry)},
          prepared_{OGRCreatePreparedGeometry(OGRGeometry::ToHandle(geometry_.get()))} {
        OGREnvelope envelope;
        geometry_->getEnvelope(&envelope);
        bounds_ = {envelope.MinX, envelope.MinY, envelope.MaxX, envelope.MaxY};
        if (!prepared_) {
            throw Error{Errc::unsupported, "GDAL was built without GEOS"};
        }
    }

    Box bounds() const override { return bounds_; }

    Overlap overlap(const Box& box) const override {
        if (intersection(box, bounds_).is_empty()) {
            return Overlap::none;
        }
        const Messages messages;
        auto polygon = polygon_of(box);
        auto* const handle = OGRGeometry::ToHandle(&polygon);
        if (OGRPreparedGeometryIntersects(prepared_.get(), handle) == 0) {
            return Overlap::none;
        }
        return OGRPreparedGeometryContains(prepared_.get(), handle) != 0 ? Overlap::all
                                                                         : Overlap::some;
    }

    void burn(const Box& box, int size, std::span<std::uint8_t> mask) const override {
        const Messages messages;
        const auto fail = [&] { throw messages.error(Errc::io, "a region cannot be drawn"); };
        // Only what lies there: a coast may have a million points.
        const auto frame = polygon_of(box);
        const Geometry part{geometry_->Intersection(&frame)};
        const Dataset canvas{GetGDALDriverManager()->GetDriverByName("MEM")->Create(
            "", size, size, 1, GDT_Byte, nullptr)};
        if (!part || !canvas) {
            fail();
        }
        const double step_x = box.width() / size;
        const double step_y = box.height() / size;
        double geotransform[]{box.min_x, step_x, 0, box.max_y, 0, -step_y};
        canvas->SetGeoTransform(geotransform);
        int band = 1;
        OGRGeometryH shape = OGRGeometry::ToHandle(part.get());
        double value = 255;
        if (!part->IsEmpty() &&
            GDALRasterizeGeometries(canvas.get(), 1, &band, 1, &shape, nullptr, nullptr, &value,
                                    nullptr, nullptr, nullptr) != CE_None) {
            fail();
        }
        std::vector<std::uint8_t> drawn(mask.size());
        if (canvas->GetRasterBand(1)->RasterIO(GF_Read, 0, 0, size, size, drawn.data(), size, size,
                                               GDT_Byte, 0, 0, nullptr) != CE_None) {
            fail();
        }
        std::ranges::transform(drawn, mask, mask.begin(),
                               [](auto a, auto b) { return std::max(a, b); });
    }

private:
    Geometry geometry_;
    std::unique_ptr<OGRPreparedGeometry, DestroyPrepared> prepared_;  // borrows geometry_
    Box bounds_;
};

/// Reads the polygons of a file into one geometry in the SRS of a grid.
class RegionReader {
public:
    RegionReader(const std::string& name, const Grid& grid, double buffer_m)
        : name_{name},
          grid_{grid},
          buffer_m_{buffer_m},
          lonlat_{srs_named("OGC:CRS84")},
          target_{srs_named(grid.srs())} {}

    Geometry read() {
        const auto dataset = open();
        OGRMultiPolygon polygons;
        for (auto* const layer : dataset->GetLayers()) {
            read_layer(*layer, polygons);
        }
        if (polygons.IsEmpty()) {
            throw unsupported("has no polygon");
        }
        const Messages messages;
        Geometry united{polygons.UnionCascaded()};
        if (!united || united->IsEmpty()) {
            throw messages.error(Errc::unsupported, fmt::format("{}: encloses nothing", name_));
        }
        return united;
    }

private:
    Error unsupported(const std::string& what) const {
        return {Errc::unsupported, fmt::format("{}: {}", name_, what)};
    }

    Dataset open() const {
        std::error_code failure;
        if (!name_.starts_with("/vsi") && !std::filesystem::exists(name_, failure)) {
            throw Error{Errc::not_found, fmt::format("{}: no such file", name_)};
        }
        const Messages messages;
        Dataset dataset{GDALDataset::Open(
            name_.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR)};
        if (!dataset) {
            throw messages.error(Errc::unsupported,
                                 fmt::format("{} is no file of polygons", name_));
        }
        return dataset;
    }

    void read_layer(OGRLayer& layer, OGRMultiPolygon& polygons) const {
        const auto* const known = layer.GetSpatialRef();
        if (known == nullptr || known->IsEmpty() != 0) {
            throw unsupported(fmt::format("layer '{}' does not say its CRS", layer.GetName()));
        }
        OGRSpatialReference srs{*known};
        srs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        layer.ResetReading();
        for (OGRFeatureUniquePtr feature{layer.GetNextFeature()}; feature;
             feature.reset(layer.GetNextFeature())) {
            Geometry geometry{feature->StealGeometry()};
            if (geometry && !geometry->IsEmpty()) {
                add(std::move(geometry), srs, polygons);
            }
        }
    }

    /// Take the polygons of a geometry to the grid.
    void add(Geometry geometry, const OGRSpatialReference& srs, OGRMultiPolygon& polygons) const {
        const auto type = OGR_GT_Flatten(geometry->getGeometryType());
        if (OGR_GT_IsSubClassOf(type, wkbCurvePolygon) == 0 &&
            OGR_GT_IsSubClassOf(type, wkbMultiSurface) == 0) {
            throw unsupported(
                fmt::format("has a {}: a region is made of polygons", OGRGeometryTypeToName(type)));
        }
        const Messages messages;
        geometry->flattenTo2D();
        geometry.reset(geometry->MakeValid());
        if (geometry && buffer_m_ != 0) {
            geometry = grown(std::move(geometry), srs);
        }
        const auto& now = buffer_m_ != 0 ? lonlat_ : srs;
        if (geometry && now.IsSame(&target_) == 0) {
            geometry = transformed(std::move(geometry), now);
        }
        if (!geometry) {
            throw messages.error(Errc::unsupported,
                                 fmt::format("{}: cannot be taken to {}", name_, grid_.srs()));
        }
        collect_polygons(*geometry, polygons);
    }

    /// Put points on long edges: straight in one CRS is bent in another.
    static void make_dense(OGRGeometry& geometry) {
        OGREnvelope envelope;
        geometry.getEnvelope(&envelope);
        const double size = std::max(envelope.MaxX - envelope.MinX, envelope.MaxY - envelope.MinY);
        if (size > 0) {
            geometry.segmentize(size / points_along);
        }
    }

    /// Grown on the ground, in degrees.
    Geometry grown(Geometry geometry, const OGRSpatialReference& srs) const {
        make_dense(*geometry);
        if (srs.IsSame(&lonlat_) == 0 &&
            geometry->transform(transformation_between(srs, lonlat_).get()) != OGRERR_NONE) {
            return nullptr;
        }
        return buffered(*geometry, buffer_m_, name_);
    }

    /// By way of degrees, where what lies beyond the grid is cut off: no projection shows the poles
    /// in Web Mercator.
    Geometry transformed(Geometry geometry, const OGRSpatialReference& srs) const {
        make_dense(*geometry);
        if (srs.IsSame(&lonlat_) == 0 &&
            geometry->transform(transformation_between(srs, lonlat_).get()) != OGRERR_NONE) {
            return nullptr;
        }
        if (const auto limits = to_lonlat(grid_.srs(), grid_.extent())) {
            const auto frame = polygon_of(*limits);
            geometry.reset(geometry->Intersection(&frame));
        }
        if (!geometry) {
            return nullptr;
        }
        geometry->segmentize(max_edge_degrees);
        if (geometry->transform(transformation_between(lonlat_, target_).get()) != OGRERR_NONE) {
            return nullptr;
        }
        return geometry;
    }

    const std::string& name_;
    const Grid& grid_;
    double buffer_m_;
    OGRSpatialReference lonlat_;
    OGRSpatialReference target_;
};

}  // namespace

std::unique_ptr<Region> read_region(const std::string& name, const Grid& grid, double buffer_m) {
    prepare();
    return std::make_unique<GeometryRegion>(RegionReader{name, grid, buffer_m}.read());
}

Box box_in_grid(const Box& lonlat, const Grid& grid) {
    if (const auto box = from_lonlat(grid.srs(), lonlat)) {
        return *box;
    }
    prepare();
    const auto transformation =
        transformation_between(srs_named("OGC:CRS84"), srs_named(grid.srs()));
    const Messages messages;
    Box box;
    if (transformation->TransformBounds(lonlat.min_x, lonlat.min_y, lonlat.max_x, lonlat.max_y,
                                        &box.min_x, &box.min_y, &box.max_x, &box.max_y,
                                        points_on_an_edge) == 0) {
        throw messages.error(Errc::unsupported,
                             fmt::format("the box cannot be taken to {}", grid.srs()));
    }
    return box;
}

}  // namespace offgrid::gdal
