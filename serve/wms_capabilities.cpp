#include "serve/wms_capabilities.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/tile/lonlat.h"
#include "serve/catalogue.h"
#include "serve/srs_names.h"
#include "serve/wms_layer.h"
#include "serve/xml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

constexpr Box world{-180, -90, 180, 90};

constexpr std::array<std::string_view, 4> formats{"image/png", "image/png8", "image/jpeg",
                                                  "image/webp"};

constexpr std::string_view doctype_1_1_1 =
    "<!DOCTYPE WMT_MS_Capabilities SYSTEM "
    "\"http://schemas.opengis.net/wms/1.1.1/capabilities_1_1_1.dtd\"";

/// The standard's DTD leaves it to a service what its own capabilities are.
constexpr std::string_view tile_set_elements =
    " [\n"
    "<!ELEMENT VendorSpecificCapabilities (TileSet*) >\n"
    "<!ELEMENT TileSet (SRS, BoundingBox, Resolutions, Width, Height, Format, Layers, Styles) >\n"
    "<!ELEMENT Resolutions (#PCDATA) >\n"
    "<!ELEMENT Width (#PCDATA) >\n"
    "<!ELEMENT Height (#PCDATA) >\n"
    "<!ELEMENT Layers (#PCDATA) >\n"
    "<!ELEMENT Styles (#PCDATA) >\n"
    "]";

/// A layer in one of its reference systems.
struct Placed {
    std::string srs{};
    Box box{};  ///< east then north
};

Box lonlat_of(const StoreInfo& info) {
    const auto known =
        info.bounds ? info.bounds : to_lonlat(formula_of(*info.grid), info.grid->extent());
    const auto box = intersection(known.value_or(world), world);
    return box.is_empty() ? world : box;
}

Box box_in_grid(const StoreInfo& info) {
    const auto& extent = info.grid->extent();
    const auto bounds =
        info.bounds ? from_lonlat(formula_of(*info.grid), *info.bounds) : std::nullopt;
    const auto box = intersection(bounds.value_or(extent), extent);
    return box.is_empty() ? extent : box;
}

/// Writes one document. WMS 1.3.0 gave most elements of 1.1.1 another place or name.
class Writer {
public:
    Writer(const LayerSet& layers, const WmsCapabilities& wanted)
        : layers_{layers}, wanted_{wanted} {}

    std::string document() {
        if (is_1_3_0()) {
            xml_.open("WMS_Capabilities",
                      {{"version", "1.3.0"},
                       {"xmlns", "http://www.opengis.net/wms"},
                       {"xmlns:xlink", "http://www.w3.org/1999/xlink"},
                       {"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"},
                       {"xsi:schemaLocation",
                        "http://www.opengis.net/wms "
                        "http://schemas.opengis.net/wms/1.3.0/capabilities_1_3_0.xsd"}});
        } else {
            xml_.raw(doctype_1_1_1);
            xml_.raw(lists_tile_sets() ? tile_set_elements : std::string_view{});
            xml_.raw(">\n");
            xml_.open("WMT_MS_Capabilities", {{"version", "1.1.1"}});
        }
        write_service();
        write_capability();
        xml_.close();
        return xml_.take();
    }

private:
    bool is_1_3_0() const { return wanted_.version == WmsVersion::v1_3_0; }
    bool lists_tile_sets() const {
        return !is_1_3_0() && wanted_.tile_sets == WmsCapabilities::TileSets::listed;
    }

    void write_address() {
        const XmlWriter::Attribute address{"xlink:href", "?", XmlWriter::Value::address};
        if (is_1_3_0()) {
            xml_.empty("OnlineResource", {{"xlink:type", "simple"}, address});
        } else {
            xml_.empty("OnlineResource", {{"xmlns:xlink", "http://www.w3.org/1999/xlink"},
                                          {"xlink:type", "simple"},
                                          address});
        }
    }

    void write_service() {
        xml_.open("Service");
        xml_.element("Name", is_1_3_0() ? "WMS" : "OGC:WMS");
        xml_.element("Title", "offgrid");
        write_address();
        if (is_1_3_0()) {
            xml_.element("LayerLimit", fmt::to_string(wanted_.limits.max_layers));
            xml_.element("MaxWidth", fmt::to_string(wanted_.limits.max_side));
            xml_.element("MaxHeight", fmt::to_string(wanted_.limits.max_side));
        }
        xml_.close();
    }

    void write_operation(std::string_view name, const std::vector<std::string_view>& types) {
        xml_.open(name);
        for (const auto type : types) {
            xml_.element("Format", type);
        }
        xml_.open("DCPType");
        xml_.open("HTTP");
        xml_.open("Get");
        write_address();
        for (int i = 0; i < 4; ++i) {
            xml_.close();
        }
    }

    void write_capability() {
        xml_.open("Capability");
        xml_.open("Request");
        write_operation("GetCapabilities", {capabilities_media_type(wanted_.version)});
        write_operation("GetMap", {formats.begin(), formats.end()});
        xml_.close();
        xml_.open("Exception");
        xml_.element("Format", is_1_3_0() ? "XML" : exception_media_type(wanted_.version));
        xml_.element("Format", is_1_3_0() ? "BLANK" : "application/vnd.ogc.se_blank");
        xml_.close();
        if (lists_tile_sets()) {
            write_tile_sets();
        }
        xml_.open("Layer");
        xml_.element("Title", "offgrid");
        for (const auto& entry : layers_.catalogue().layers()) {
            write_layer(entry);
        }
        xml_.close();
        xml_.close();
    }

    void write_layer(const Catalogue::Entry& entry) {
        const auto drawable = std::ranges::find_if(
            entry.tilesets,
            [](const Catalogue::Tileset& tileset) { return is_drawable(*tileset.layer); });
        if (drawable == entry.tilesets.end()) {
            return;
        }
        const auto& layer = *drawable->layer;
        const auto& info = layer.info();
        xml_.open("Layer", {{"queryable", "0"}, {"opaque", "0"}});
        xml_.element("Name", entry.name);
        xml_.element("Title", info.name.empty() ? entry.name : info.name);
        if (!info.description.empty()) {
            xml_.element("Abstract", info.description);
        }
        write_places(entry, lonlat_of(info));
        write_dimensions(layer);
        if (!info.attribution.empty()) {
            xml_.open("Attribution");
            xml_.element("Title", info.attribution);
            xml_.close();
        }
        xml_.close();
    }

    /// Each reference system once, in the order of the grids.
    std::vector<Placed> places_of(const Catalogue::Entry& entry) const {
        std::vector<Placed> places;
        for (const auto& tileset : entry.tilesets) {
            const auto& info = tileset.layer->info();
            if (!is_drawable(*tileset.layer)) {
                continue;
            }
            for (auto& srs : srs_names(*info.grid)) {
                const bool is_new = std::ranges::count(places, srs, &Placed::srs) == 0;
                if (is_new && (is_1_3_0() || !srs.starts_with("CRS:"))) {
                    places.push_back({std::move(srs), box_in_grid(info)});
                }
            }
        }
        return places;
    }

    void write_places(const Catalogue::Entry& entry, const Box& lonlat) {
        const auto places = places_of(entry);
        const auto srs = is_1_3_0() ? "CRS" : "SRS";
        for (const auto& place : places) {
            xml_.element(srs, place.srs);
        }
        if (is_1_3_0()) {
            xml_.open("EX_GeographicBoundingBox");
            xml_.element("westBoundLongitude", fmt::to_string(lonlat.min_x));
            xml_.element("eastBoundLongitude", fmt::to_string(lonlat.max_x));
            xml_.element("southBoundLatitude", fmt::to_string(lonlat.min_y));
            xml_.element("northBoundLatitude", fmt::to_string(lonlat.max_y));
            xml_.close();
        } else {
            xml_.empty("LatLonBoundingBox", {{"minx", fmt::to_string(lonlat.min_x)},
                                             {"miny", fmt::to_string(lonlat.min_y)},
                                             {"maxx", fmt::to_string(lonlat.max_x)},
                                             {"maxy", fmt::to_string(lonlat.max_y)}});
        }
        for (const auto& place : places) {
            write_box(srs, place);
        }
    }

    void write_box(std::string_view attribute, const Placed& place) {
        const auto& box = place.box;
        const bool is_turned = is_1_3_0() && axis_order_of(place.srs) == AxisOrder::north_first;
        xml_.empty("BoundingBox", {{attribute, place.srs},
                                   {"minx", fmt::to_string(is_turned ? box.min_y : box.min_x)},
                                   {"miny", fmt::to_string(is_turned ? box.min_x : box.min_y)},
                                   {"maxx", fmt::to_string(is_turned ? box.max_y : box.max_x)},
                                   {"maxy", fmt::to_string(is_turned ? box.max_x : box.max_y)}});
    }

    void write_dimensions(const Layer& layer) {
        const auto units = [](const LayerDimension& dimension) {
            return equals_ignoring_case(dimension.name, "time") ? "ISO8601" : "";
        };
        for (const auto& dimension : layer.dimensions) {
            if (is_1_3_0()) {
                xml_.element("Dimension", values_of(dimension),
                             {{"name", dimension.name},
                              {"units", units(dimension)},
                              {"default", dimension.default_value}});
            } else {
                xml_.empty("Dimension", {{"name", dimension.name}, {"units", units(dimension)}});
            }
        }
        for (const auto& dimension : layer.dimensions) {
            if (!is_1_3_0()) {
                xml_.element("Extent", values_of(dimension),
                             {{"name", dimension.name}, {"default", dimension.default_value}});
            }
        }
    }

    static std::string values_of(const LayerDimension& dimension) {
        return fmt::format("{}", fmt::join(dimension.listed_values(), ","));
    }

    void write_tile_sets() {
        xml_.open("VendorSpecificCapabilities");
        for (const auto& entry : layers_.catalogue().layers()) {
            for (const auto& tileset : entry.tilesets) {
                if (is_drawable(*tileset.layer)) {
                    write_tile_set(entry.name, *tileset.layer);
                }
            }
        }
        xml_.close();
    }

    void write_tile_set(const std::string& name, const Layer& layer) {
        const auto& info = layer.info();
        const auto& grid = *info.grid;
        std::vector<double> resolutions;
        for (int z = 0; z < grid.levels(); ++z) {
            const bool has_zoom = layer.limits ? !layer.limits(z).is_empty()
                                               : z >= info.min_zoom && z <= info.max_zoom;
            if (has_zoom) {
                resolutions.push_back(grid.resolution(z));
            }
        }
        const auto srs = srs_names(grid).front();
        xml_.open("TileSet");
        xml_.element("SRS", srs);
        // Clients count tiles from its corner, so it is that of the grid.
        write_box("SRS", {srs, grid.extent()});
        xml_.element("Resolutions", fmt::format("{}", fmt::join(resolutions, " ")));
        xml_.element("Width", fmt::to_string(grid.tile_size()));
        xml_.element("Height", fmt::to_string(grid.tile_size()));
        xml_.element("Format", media_type_of(layer.format.value_or(TileFormat::png)));
        xml_.element("Layers", name);
        xml_.element("Styles", "");
        xml_.close();
    }

    const LayerSet& layers_;
    const WmsCapabilities& wanted_;
    XmlWriter xml_;
};

}  // namespace

std::string_view capabilities_media_type(WmsVersion version) {
    return version == WmsVersion::v1_1_1 ? "application/vnd.ogc.wms_xml" : "text/xml";
}

std::string wms_capabilities(const LayerSet& layers, const WmsCapabilities& wanted) {
    return Writer{layers, wanted}.document();
}

}  // namespace offgrid
