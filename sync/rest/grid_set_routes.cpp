#include "formats/tile/scale.h"
#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"

#include <fmt/format.h>

#include <optional>
#include <set>

namespace offgrid {
namespace {

/// `4326` of `EPSG:4326`.
std::string srs_number(const std::string& grid_set, const Grid& grid) {
    const auto& srs = grid_set.starts_with("EPSG:") ? grid_set : grid.srs();
    return srs.substr(srs.find(':') + 1);
}

std::vector<std::string> grid_sets(const RestContext& context) {
    std::set<std::string> names{grid_set_name(Grid::google_maps_compatible()),
                                grid_set_name(Grid::wgs84())};
    const auto tilesets = context.tilesets();
    for (const auto& tileset : tilesets.all()) {
        names.insert(tileset.grid_set);
    }
    return {names.begin(), names.end()};
}

/// The grid of that name, also one that only a layer has; nothing: there is none.
std::optional<GridRef> find_grid(const RestContext& context, const std::string& name) {
    const auto tilesets = context.tilesets();
    for (const auto& tileset : tilesets.all()) {
        if (tileset.grid_set == name) {
            return tileset.grid;
        }
    }
    const auto* const built_in = grid_of_set(name);
    return built_in == nullptr ? std::nullopt : std::optional<GridRef>{built_in};
}

Reply in_xml(const std::string& name, const Grid& grid) {
    pugi::xml_document document;
    auto root = document.append_child("gridSet");
    add_text(root, "name", name);
    add_text(root.append_child("srs"), "number", srs_number(name, grid));
    add_coords(root.append_child("extent"), grid.extent());
    add_text(root, "alignTopLeft", grid.origin() == Grid::Origin::top_left ? "true" : "false");
    auto resolutions = root.append_child("resolutions");
    for (int z = 0; z < grid.levels(); ++z) {
        add_text(resolutions, "double", as_double(grid.resolution(z)));
    }
    add_text(root, "metersPerUnit", as_double(metres_per_unit(grid.unit())));
    add_text(root, "pixelSize", as_double(standard_pixel_m));
    add_text(root, "tileHeight", std::to_string(grid.tile_size()));
    add_text(root, "tileWidth", std::to_string(grid.tile_size()));
    add_text(root, "yCoordinateFirst", grid.unit() == Grid::Unit::degree ? "true" : "false");
    return reply_with(document);
}

Reply in_json(const std::string& name, const Grid& grid) {
    RestJson resolutions = RestJson::array();
    for (int z = 0; z < grid.levels(); ++z) {
        resolutions.push_back(grid.resolution(z));
    }
    return reply_with(RestJson{{"gridSet",
                                {{"name", name},
                                 {"srs", {{"number", srs_number(name, grid)}}},
                                 {"extent", coords(grid.extent())},
                                 {"alignTopLeft", grid.origin() == Grid::Origin::top_left},
                                 {"resolutions", std::move(resolutions)},
                                 {"metersPerUnit", metres_per_unit(grid.unit())},
                                 {"pixelSize", standard_pixel_m},
                                 {"tileHeight", grid.tile_size()},
                                 {"tileWidth", grid.tile_size()},
                                 {"yCoordinateFirst", grid.unit() == Grid::Unit::degree}}}});
}

Reply get(const RestContext& context, const AdminRequest& request, bool wants_xml) {
    const std::string name{request.parameter("grid_set")};
    const auto grid = find_grid(context, name);
    if (!grid) {
        return error_reply(
            404,
            fmt::format(R"(Failed to get GridSet. A GridSet with name "{}" does not exist.)", name),
            request.form);
    }
    return wants_xml ? in_xml(name, **grid) : in_json(name, **grid);
}

}  // namespace

void add_grid_set_routes(AdminRoutes& routes, const RestContext& context) {
    const auto list_json = [context](AdminRequest&) {
        return reply_with(RestJson(grid_sets(context)));
    };
    add_json_route(routes, {"GET", "/gridsets", Role::reader, list_json, {}});
    routes.push_back({"GET",
                      "/gridsets.xml",
                      Role::reader,
                      [context](AdminRequest& request) {
                          return names_in_xml(request, "gridSets", "gridSet", "gridsets",
                                              grid_sets(context));
                      },
                      {}});
    for (const auto* const end : {"", ".json", ".xml"}) {
        const bool wants_xml = std::string_view{end} != ".json";
        routes.push_back({"GET",
                          fmt::format("/gridsets/{{grid_set}}{}", end),
                          Role::reader,
                          [context, wants_xml](AdminRequest& request) {
                              return get(context, request, wants_xml);
                          },
                          {}});
    }
}

}  // namespace offgrid
