#include "formats/gpkg/spatial_reference.h"

#include "formats/base/error.h"
#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace offgrid::gpkg {
namespace {

constexpr SpatialReference wgs84{
    .name = "WGS 84",
    .id = 4326,
    .organization = "EPSG",
    .organization_id = 4326,
    .definition = R"(GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,)"
                  R"(AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],)"
                  R"(PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],)"
                  R"(UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],)"
                  R"(AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]])",
    .description = "longitude and latitude in degrees on the WGS 84 ellipsoid"};

/// The words of PROJ tell programs that know no code that the ellipsoid is taken for a sphere.
constexpr SpatialReference web_mercator{
    .name = "WGS 84 / Pseudo-Mercator",
    .id = 3857,
    .organization = "EPSG",
    .organization_id = 3857,
    .definition =
        R"(PROJCS["WGS 84 / Pseudo-Mercator",GEOGCS["WGS 84",DATUM["WGS_1984",)"
        R"(SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],)"
        R"(AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],)"
        R"(UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],)"
        R"(AUTHORITY["EPSG","4326"]],PROJECTION["Mercator_1SP"],)"
        R"(PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],)"
        R"(PARAMETER["false_easting",0],PARAMETER["false_northing",0],)"
        R"(UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],)"
        R"(AXIS["Northing",NORTH],EXTENSION["PROJ4","+proj=merc +a=6378137 +b=6378137 +lat_ts=0 )"
        R"(+lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs"],)"
        R"(AUTHORITY["EPSG","3857"]])",
    .description = "metres on the sphere of web maps"};

constexpr std::array<SpatialReference, 3> required{{
    {.name = "Undefined Cartesian SRS",
     .id = -1,
     .organization = "NONE",
     .organization_id = -1,
     .definition = "undefined",
     .description = "undefined Cartesian coordinate reference system"},
    {.name = "Undefined geographic SRS",
     .id = 0,
     .organization = "NONE",
     .organization_id = 0,
     .definition = "undefined",
     .description = "undefined geographic coordinate reference system"},
    wgs84,
}};

/// Names under which programs store what is the same to a tile.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> synonyms{{
    {"EPSG:900913", "EPSG:3857"},
    {"EPSG:3785", "EPSG:3857"},
    {"ESRI:102100", "EPSG:3857"},
    {"EPSG:102100", "EPSG:3857"},
    {"ESRI:102113", "EPSG:3857"},
    {"OGC:CRS84", "EPSG:4326"},
}};

std::string_view common_name(std::string_view name) {
    const auto* const found = std::ranges::find_if(
        synonyms, [&](const auto& synonym) { return equals_ignoring_case(synonym.first, name); });
    return found == synonyms.end() ? name : found->second;
}

}  // namespace

std::span<const SpatialReference> required_references() {
    return required;
}

const SpatialReference& reference_of(const Grid& grid) {
    static constexpr std::array<const SpatialReference*, 2> known{&web_mercator, &wgs84};
    for (const auto* const reference : known) {
        if (is_reference_of(fmt::format("EPSG:{}", reference->organization_id), grid)) {
            return *reference;
        }
    }
    throw Error{Errc::unsupported,
                fmt::format("no definition of the reference system '{}' of grid '{}' is known; "
                            "GeoPackages are written in EPSG:3857 and EPSG:4326",
                            grid.srs(), grid.name())};
}

bool is_reference_of(std::string_view name, const Grid& grid) {
    const auto means = [common = common_name(name)](std::string_view other) {
        return equals_ignoring_case(common, common_name(other));
    };
    return means(grid.srs()) || std::ranges::any_of(grid.srs_aliases(), means);
}

}  // namespace offgrid::gpkg
