#pragma once

#include "pack/gdal_geometry.h"

#include <string>

namespace offgrid::gdal {

/// The polygons of a geometry in degrees, grown by metres on the ground, or shrunk; in degrees from
/// -180 to 180. Nothing when GDAL fails, which its messages tell.
///
/// Each polygon is grown on the plane of an azimuthal equidistant projection around its middle,
/// which is true to a thousandth up to some hundred kilometres from it. Throws `unsupported`,
/// naming the file, for a polygon of more than 60 degrees, and where the result would hold a pole.
Geometry buffered(const OGRGeometry& degrees, double metres, const std::string& name);

}  // namespace offgrid::gdal
