#include "serve/wmts_capabilities.h"

#include "serve/catalogue.h"
#include "serve/tileset_listing.h"
#include "serve/url.h"
#include "serve/wmts_matrix_set.h"
#include "serve/xml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

namespace offgrid {
namespace {

using Dialect = ServicePlace::Dialect;
using Value = XmlWriter::Value;

constexpr std::string_view document_address = "/1.0.0/WMTSCapabilities.xml";
constexpr std::string_view rest_document_address = "/rest/WMTSCapabilities.xml";

/// The tiles that layers of the same zooms in one matrix set have, written once.
using LimitsKey = std::tuple<const Catalogue::MatrixSet*, int, int>;

class Writer {
public:
    explicit Writer(Dialect dialect) : dialect_{dialect} {}

    std::string write(const LayerSet& layers) {
        xml_.open("Capabilities", {{"version", "1.0.0"},
                                   {"xmlns", "http://www.opengis.net/wmts/1.0"},
                                   {"xmlns:ows", "http://www.opengis.net/ows/1.1"},
                                   {"xmlns:xlink", "http://www.w3.org/1999/xlink"}});
        write_service();
        xml_.open("Contents");
        find_levels(layers.catalogue());
        for (const auto& entry : layers.catalogue().layers()) {
            write_layer(entry);
        }
        for (const auto& set : layers.catalogue().matrix_sets()) {
            write_matrix_set(xml_, set, levels_[&set]);
        }
        xml_.close();
        xml_.empty("ServiceMetadataURL", {{"xlink:href", document(), Value::address}});
        xml_.close();
        return xml_.take();
    }

private:
    bool is_mapcache() const { return dialect_ == Dialect::mapcache; }
    std::string_view document() const {
        return is_mapcache() ? document_address : rest_document_address;
    }

    void find_levels(const Catalogue& catalogue);
    void write_service();
    void write_get(std::string_view address, std::string_view encoding);
    void write_layer(const Catalogue::Entry& entry);
    void write_dimensions(const Layer& layer);
    void write_link(const Catalogue::Tileset& tileset);
    void write_limits(const Catalogue::Tileset& tileset);
    std::string template_of(const Catalogue::Entry& entry, const Layer& layer) const;

    const Dialect dialect_;
    XmlWriter xml_;
    std::map<LimitsKey, std::string> limits_;
    std::map<const Catalogue::MatrixSet*, int> levels_;
};

/// Matrices below the deepest that any layer has are left out: GDAL takes the last for the
/// resolution of a layer, whatever its limits.
void Writer::find_levels(const Catalogue& catalogue) {
    for (const auto& entry : catalogue.layers()) {
        for (const auto& [layer, set] : entry.tilesets) {
            auto& levels = levels_[set];
            levels = std::max(levels, deepest_zoom(*layer) + 1);
        }
    }
}

void Writer::write_get(std::string_view address, std::string_view encoding) {
    xml_.open("ows:Get", {{"xlink:href", address, Value::address}});
    xml_.open("ows:Constraint", {{"name", "GetEncoding"}});
    xml_.open("ows:AllowedValues");
    xml_.element("ows:Value", encoding);
    xml_.close();
    xml_.close();
    xml_.close();
}

void Writer::write_service() {
    xml_.open("ows:ServiceIdentification");
    xml_.element("ows:Title", "Tiles");
    xml_.element("ows:ServiceType", "OGC WMTS");
    xml_.element("ows:ServiceTypeVersion", "1.0.0");
    xml_.close();
    xml_.open("ows:ServiceProvider");
    xml_.element("ows:ProviderName", "offgrid");
    xml_.empty("ows:ServiceContact", {});
    xml_.close();
    xml_.open("ows:OperationsMetadata");
    for (const std::string_view operation : {"GetCapabilities", "GetTile"}) {
        xml_.open("ows:Operation", {{"name", operation}});
        xml_.open("ows:DCP");
        xml_.open("ows:HTTP");
        write_get("?", "KVP");
        write_get(operation == "GetTile" ? (is_mapcache() ? "/1.0.0/" : "/rest/") : document(),
                  "RESTful");
        xml_.close();
        xml_.close();
        xml_.close();
    }
    xml_.close();
}

/// In the path for MapCache, in the order of the layer's dimensions; in the query otherwise.
std::string Writer::template_of(const Catalogue::Entry& entry, const Layer& layer) const {
    constexpr std::string_view tile = "{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}";
    const auto name = percent_encoded(entry.name);
    std::string dimensions;
    for (const auto& dimension : layer.dimensions) {
        const auto encoded = percent_encoded(dimension.name);
        dimensions +=
            is_mapcache() ? fmt::format("{{{}}}/", encoded) : fmt::format("&{0}={{{0}}}", encoded);
    }
    return is_mapcache() ? fmt::format("/1.0.0/{}/default/{}{}.{}", name, dimensions, tile,
                                       percent_encoded(listed_extension(layer)))
                         : fmt::format("/rest/{}/{{style}}/{}?format={}{}", name, tile,
                                       percent_encoded(listed_media_type(layer)), dimensions);
}

void Writer::write_layer(const Catalogue::Entry& entry) {
    const auto& first = *entry.tilesets.front().layer;
    xml_.open("Layer");
    xml_.element("ows:Title", listed_title(entry));
    if (!first.info().description.empty()) {
        xml_.element("ows:Abstract", first.info().description);
    }
    if (const auto box = listed_bounds(first)) {
        xml_.open("ows:WGS84BoundingBox");
        xml_.element("ows:LowerCorner", fmt::format("{} {}", box->min_x, box->min_y));
        xml_.element("ows:UpperCorner", fmt::format("{} {}", box->max_x, box->max_y));
        xml_.close();
    }
    xml_.element("ows:Identifier", entry.name);
    xml_.open("Style", {{"isDefault", "true"}});
    xml_.element("ows:Identifier", "default");
    xml_.close();
    std::vector<std::string> formats;
    std::vector<const Layer*> of_format;
    for (const auto& tileset : entry.tilesets) {
        if (const auto format = listed_media_type(*tileset.layer);
            std::ranges::count(formats, format) == 0) {
            formats.push_back(format);
            of_format.push_back(tileset.layer);
            xml_.element("Format", format);
        }
    }
    write_dimensions(first);
    std::vector<const Catalogue::MatrixSet*> linked;
    for (const auto& tileset : entry.tilesets) {
        if (std::ranges::count(linked, tileset.matrix_set) == 0) {
            linked.push_back(tileset.matrix_set);
            write_link(tileset);
        }
    }
    for (std::size_t i = 0; i < formats.size(); ++i) {
        xml_.empty("ResourceURL",
                   {{"format", formats[i]},
                    {"resourceType", "tile"},
                    {"template", template_of(entry, *of_format[i]), Value::address}});
    }
    xml_.close();
}

void Writer::write_dimensions(const Layer& layer) {
    for (const auto& dimension : layer.dimensions) {
        xml_.open("Dimension");
        xml_.element("ows:Identifier", dimension.name);
        xml_.element("Default", dimension.default_value);
        for (const auto& value : dimension.listed_values()) {
            xml_.element("Value", value);
        }
        xml_.close();
    }
}

void Writer::write_link(const Catalogue::Tileset& tileset) {
    xml_.open("TileMatrixSetLink");
    xml_.element("TileMatrixSet", tileset.matrix_set->id);
    write_limits(tileset);
    xml_.close();
}

/// Without limits a layer has all tiles of all matrices.
void Writer::write_limits(const Catalogue::Tileset& tileset) {
    const auto& layer = *tileset.layer;
    if (layer.limits) {
        xml_.raw(limits_xml(listed_coverage(layer), *tileset.matrix_set->grid,
                            levels_[tileset.matrix_set]));
        return;
    }
    const auto& info = layer.info();
    auto& limits = limits_[{tileset.matrix_set, info.min_zoom,
                            std::min(info.max_zoom, info.grid->levels() - 1)}];
    if (limits.empty()) {
        limits = limits_xml(listed_coverage(layer), *tileset.matrix_set->grid,
                            levels_[tileset.matrix_set]);
    }
    xml_.raw(limits);
}

}  // namespace

std::string wmts_capabilities(const LayerSet& layers, Dialect dialect) {
    return Writer{dialect}.write(layers);
}

}  // namespace offgrid
