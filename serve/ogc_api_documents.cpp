#include "serve/ogc_api_documents.h"

#include "formats/tile/srs.h"
#include "formats/tile/tile_matrix_set_json.h"
#include "serve/layer_description.h"
#include "serve/tileset_listing.h"
#include "serve/url.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace offgrid::ogc_api {
namespace {

constexpr const char* json_type = "application/json";
constexpr std::string_view crs84_uri = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// A relation that OGC registered.
std::string relation(std::string_view name) {
    return fmt::format("http://www.opengis.net/def/rel/ogc/1.0/{}", name);
}

Json link(std::string_view relation, std::string_view type, std::string href,
          std::string_view title) {
    return {{"rel", relation}, {"type", type}, {"title", title}, {"href", std::move(href)}};
}

/// The grid under the name of the list, as OGC registered it where it did.
Grid listed_grid(const Catalogue::MatrixSet& set) {
    auto id = id_of(set);
    const auto& grid = *set.grid;
    // Plate carree by that name is longitude first.
    const bool is_crs84 = id == "WorldCRS84Quad";
    Grid::Definition definition{.name = std::move(id),
                                .srs = is_crs84 ? "OGC:CRS84" : grid.srs(),
                                .unit = grid.unit(),
                                .extent = grid.extent(),
                                .tile_size = grid.tile_size(),
                                .origin = grid.origin()};
    for (int z = 0; z < grid.levels(); ++z) {
        definition.resolutions.push_back(grid.resolution(z));
    }
    return Grid{std::move(definition)};
}

/// The address of a matrix set that OGC registered (17-083r4, annex D); nothing for any other.
std::optional<std::string> registered_uri(std::string_view id) {
    if (id != "WebMercatorQuad" && id != "WorldCRS84Quad") {
        return std::nullopt;
    }
    return fmt::format("http://www.opengis.net/def/tilematrixset/OGC/1.0/{}", id);
}

std::string uri_of_set(std::string_view id, std::string_view root) {
    return fmt::format("{}/tileMatrixSets/{}", root, percent_encoded(id));
}

std::string collection_uri(const Catalogue::Entry& entry, std::string_view root) {
    return fmt::format("{}/collections/{}", root, percent_encoded(entry.name));
}

std::string tilesets_uri(const Catalogue::Entry& entry, TileKind kind, std::string_view root) {
    return collection_uri(entry, root) + (kind == TileKind::map ? "/map/tiles" : "/tiles");
}

const char* word_of(TileKind kind) {
    return kind == TileKind::map ? "map" : "vector";
}

/// Matrix sets in which the layer has tiles of the kind, each once and in the order of its
/// tilesets.
std::vector<const Catalogue::MatrixSet*> matrix_sets_of(const Catalogue::Entry& entry,
                                                        TileKind kind) {
    std::vector<const Catalogue::MatrixSet*> sets;
    std::set<std::string> ids;
    for (const auto& tileset : entry.tilesets) {
        if (kind_of(*tileset.layer) == kind && ids.insert(id_of(*tileset.matrix_set)).second) {
            sets.push_back(tileset.matrix_set);
        }
    }
    return sets;
}

/// What a tileset is, as far as a list of tilesets tells.
Json tileset_item(const Catalogue::Entry& entry, TileKind kind, const Catalogue::MatrixSet& set,
                  std::string_view root) {
    const auto id = id_of(set);
    const auto uri = fmt::format("{}/{}", tilesets_uri(entry, kind, root), percent_encoded(id));
    const auto grid = listed_grid(set);
    Json json{{"title", fmt::format("{} in {}", entry.name, id)},
              {"dataType", word_of(kind)},
              {"crs", parse_srs(grid.srs()) ? uri_of_srs(*parse_srs(grid.srs())) : grid.srs()}};
    if (const auto registered = registered_uri(id)) {
        json["tileMatrixSetURI"] = *registered;
    }
    json["links"] = {link("self", json_type, uri, "This tileset"),
                     link(relation("tiling-scheme"), json_type, uri_of_set(id, root), id)};
    return json;
}

Json limits_of(const Layer& layer) {
    auto limits = Json::array();
    for (const auto& range : listed_coverage(layer)) {
        limits.push_back({{"tileMatrix", fmt::to_string(range.z)},
                          {"minTileRow", range.min_y},
                          {"maxTileRow", range.max_y - 1},
                          {"minTileCol", range.min_x},
                          {"maxTileCol", range.max_x - 1}});
    }
    return limits;
}

Json item_link(const Layer& layer, const std::string& uri) {
    const auto format = layer.format.value_or(TileFormat::png);
    auto item = link(
        "item", media_type_of(format),
        fmt::format("{}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f={}", uri, extension_of(format)),
        "Tiles");
    item["templated"] = true;
    return item;
}

}  // namespace

TileKind kind_of(const Layer& layer) {
    return layer.format == TileFormat::pbf ? TileKind::vector : TileKind::map;
}

std::string id_of(const Catalogue::MatrixSet& set) {
    if (have_the_same_tiles(*set.grid, Grid::google_maps_compatible())) {
        return "WebMercatorQuad";
    }
    return have_the_same_tiles(*set.grid, Grid::wgs84()) ? "WorldCRS84Quad" : set.id;
}

std::vector<const Layer*> tilesets_in(const Catalogue::Entry& entry, TileKind kind,
                                      std::string_view matrix_set) {
    std::vector<const Layer*> found;
    for (const auto& tileset : entry.tilesets) {
        if (kind_of(*tileset.layer) == kind && id_of(*tileset.matrix_set) == matrix_set) {
            found.push_back(tileset.layer);
        }
    }
    return found;
}

Json landing_page(std::string_view root) {
    const auto at = [&](std::string_view rest) { return fmt::format("{}{}", root, rest); };
    return {
        {"title", "offgrid"},
        {"description", "Map tiles for places without a network"},
        {"links",
         {link("self", json_type, at(""), "This page"),
          link("service-desc", "application/vnd.oai.openapi+json;version=3.0", at("/api"),
               "What can be asked here"),
          link("conformance", json_type, at("/conformance"), "Conformance classes"),
          link("data", json_type, at("/collections"), "Layers"),
          link(relation("tiling-schemes"), json_type, at("/tileMatrixSets"), "Tile matrix sets")}}};
}

Json conformance() {
    auto classes = Json::array();
    for (const auto* name :
         {"ogcapi-common-1/1.0/conf/core", "ogcapi-common-1/1.0/conf/landing-page",
          "ogcapi-common-1/1.0/conf/json", "ogcapi-common-1/1.0/conf/oas30",
          "ogcapi-common-2/1.0/conf/collections", "ogcapi-tiles-1/1.0/conf/core",
          "ogcapi-tiles-1/1.0/conf/tileset", "ogcapi-tiles-1/1.0/conf/tilesets-list",
          "ogcapi-tiles-1/1.0/conf/geodata-tilesets", "ogcapi-tiles-1/1.0/conf/oas30",
          "ogcapi-tiles-1/1.0/conf/png", "ogcapi-tiles-1/1.0/conf/jpeg",
          "ogcapi-tiles-1/1.0/conf/mvt", "tms/2.0/conf/tilematrixset",
          "tms/2.0/conf/tilematrixsetlimits", "tms/2.0/conf/json-tilematrixset"}) {
        classes.push_back(fmt::format("http://www.opengis.net/spec/{}", name));
    }
    return {{"conformsTo", std::move(classes)}};
}

Json matrix_sets(const Catalogue& catalogue, std::string_view root) {
    auto list = Json::array();
    std::set<std::string> ids;
    for (const auto& set : catalogue.matrix_sets()) {
        const auto id = id_of(set);
        if (!parse_srs(set.grid->srs()) || !ids.insert(id).second) {
            continue;
        }
        Json item{{"id", id}, {"crs", uri_of_srs(*parse_srs(listed_grid(set).srs()))}};
        if (const auto registered = registered_uri(id)) {
            item["uri"] = *registered;
        }
        item["links"] = Json::array({link("self", json_type, uri_of_set(id, root), id)});
        list.push_back(std::move(item));
    }
    return {{"tileMatrixSets", std::move(list)}};
}

Json matrix_set(const Catalogue& catalogue, std::string_view id) {
    const auto& sets = catalogue.matrix_sets();
    const auto found =
        std::ranges::find_if(sets, [&](const auto& some) { return id_of(some) == id; });
    if (found == sets.end() || !parse_srs(found->grid->srs())) {
        return nullptr;
    }
    auto json = to_tile_matrix_set(listed_grid(*found), TileRows::from_north);
    if (const auto registered = registered_uri(id)) {
        json["uri"] = *registered;
    }
    return json;
}

Json collection(const Catalogue::Entry& entry, std::string_view root) {
    const auto described = describe(*entry.tilesets.front().layer);
    const auto& bounds = described.bounds;
    Json json{{"id", entry.name}, {"title", described.name}};
    if (!described.description.empty()) {
        json["description"] = described.description;
    }
    if (!described.attribution.empty()) {
        json["attribution"] = described.attribution;
    }
    json["extent"] = {
        {"spatial",
         {{"bbox", Json::array({{bounds.min_x, bounds.min_y, bounds.max_x, bounds.max_y}})},
          {"crs", crs84_uri}}}};
    json["links"] = Json::array({link("self", json_type, collection_uri(entry, root), entry.name)});
    for (const auto kind : {TileKind::map, TileKind::vector}) {
        if (!matrix_sets_of(entry, kind).empty()) {
            json["dataType"] = word_of(kind);
            json["links"].push_back(link(relation(fmt::format("tilesets-{}", word_of(kind))),
                                         json_type, tilesets_uri(entry, kind, root), "Tilesets"));
        }
    }
    return json;
}

Json collections(const Catalogue& catalogue, std::string_view root, Page page) {
    const auto& all = catalogue.layers();
    const auto begin = std::min(page.offset, all.size());
    const auto end = begin + std::min(page.limit, all.size() - begin);
    auto list = Json::array();
    for (auto i = begin; i < end; ++i) {
        list.push_back(collection(all[i], root));
    }
    const auto uri = fmt::format("{}/collections", root);
    auto links = Json::array({link("self", json_type, uri, "Layers")});
    if (end < all.size()) {
        links.push_back(link("next", json_type,
                             fmt::format("{}?offset={}&limit={}", uri, end, page.limit),
                             "More layers"));
    }
    return {{"links", std::move(links)},
            {"numberMatched", all.size()},
            {"numberReturned", end - begin},
            {"collections", std::move(list)}};
}

Json tilesets(const Catalogue::Entry& entry, TileKind kind, std::string_view root) {
    auto list = Json::array();
    for (const auto* const set : matrix_sets_of(entry, kind)) {
        list.push_back(tileset_item(entry, kind, *set, root));
    }
    return {{"links",
             Json::array({link("self", json_type, tilesets_uri(entry, kind, root), "Tilesets")})},
            {"tilesets", std::move(list)}};
}

Json tileset(const Catalogue::Entry& entry, TileKind kind, std::string_view matrix_set,
             std::string_view root) {
    const auto formats = tilesets_in(entry, kind, matrix_set);
    const auto sets = matrix_sets_of(entry, kind);
    const auto set =
        std::ranges::find_if(sets, [&](const auto* some) { return id_of(*some) == matrix_set; });
    if (formats.empty() || set == sets.end()) {
        return nullptr;
    }
    auto json = tileset_item(entry, kind, **set, root);
    const auto& layer = *formats.front();
    const auto bounds = describe(layer).bounds;
    json["boundingBox"] = {{"lowerLeft", {bounds.min_x, bounds.min_y}},
                           {"upperRight", {bounds.max_x, bounds.max_y}},
                           {"crs", crs84_uri}};
    json["tileMatrixSetLimits"] = limits_of(layer);
    const auto uri =
        fmt::format("{}/{}", tilesets_uri(entry, kind, root), percent_encoded(matrix_set));
    for (const auto* const format : formats) {
        json["links"].push_back(item_link(*format, uri));
    }
    return json;
}

}  // namespace offgrid::ogc_api
