#include "formats/base/error.h"
#include "formats/tile/lonlat.h"
#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace offgrid {
namespace {

std::string unknown_layer(std::string_view layer) {
    return fmt::format("Unknown layer: {}", layer);
}

/// Where a tileset's tiles are, in the units of its grid.
Box extent_of(const Tileset& tileset) {
    const auto bounds = tileset.installed
                            ? from_lonlat(tileset.grid->srs(), tileset.installed->bounds)
                            : std::nullopt;
    return bounds.value_or(tileset.grid->extent());
}

std::set<std::string> formats_of(const std::vector<Tileset>& tilesets) {
    std::set<std::string> formats;
    for (const auto& tileset : tilesets) {
        if (!tileset.format.empty()) {
            formats.insert(tileset.format);
        }
    }
    return formats;
}

Reply in_xml(const std::string& layer, const std::vector<Tileset>& tilesets) {
    pugi::xml_document document;
    auto root = document.append_child("layer");
    add_text(root, "name", layer);
    add_text(root, "enabled", "true");
    auto formats = root.append_child("mimeFormats");
    for (const auto& format : formats_of(tilesets)) {
        add_text(formats, "string", format);
    }
    auto subsets = root.append_child("gridSubsets");
    for (const auto& tileset : tilesets) {
        auto subset = subsets.append_child("gridSubset");
        add_text(subset, "gridSetName", tileset.grid_set);
        add_coords(subset.append_child("extent"), extent_of(tileset));
        if (tileset.installed) {
            add_text(subset, "zoomStart", std::to_string(tileset.installed->min_zoom));
            add_text(subset, "zoomStop", std::to_string(tileset.installed->max_zoom));
        }
    }
    return reply_with(document);
}

Reply in_json(const std::string& layer, const std::vector<Tileset>& tilesets) {
    RestJson subsets = RestJson::array();
    for (const auto& tileset : tilesets) {
        RestJson subset{{"gridSetName", tileset.grid_set},
                        {"tileset", tileset.name},
                        {"format", tileset.format},
                        {"seedable", tileset.is_seedable},
                        {"extent", coords(extent_of(tileset))}};
        if (const auto& manifest = tileset.installed) {
            subset["zoomStart"] = manifest->min_zoom;
            subset["zoomStop"] = manifest->max_zoom;
            subset["files"] = manifest->files.size();
            subset["bytes"] = manifest->files.totals().bytes;
        }
        subsets.push_back(std::move(subset));
    }
    return reply_with(RestJson{{"layer",
                                {{"name", layer},
                                 {"enabled", true},
                                 {"mimeFormats", formats_of(tilesets)},
                                 {"gridSubsets", std::move(subsets)}}}});
}

Reply get(const RestContext& context, const AdminRequest& request, bool wants_xml) {
    const std::string layer{request.parameter("layer")};
    const auto tilesets = context.tilesets().of(layer);
    if (tilesets.empty()) {
        return error_reply(404, unknown_layer(layer), request.form);
    }
    return wants_xml ? in_xml(layer, tilesets) : in_json(layer, tilesets);
}

/// Take the layer with all its tilesets out of the depot. What is configured to be seeded stays so.
Reply remove(const RestContext& context, const AdminRequest& request) {
    const std::string layer{request.parameter("layer")};
    context.replace.change(
        context.replace.new_staging(),
        [&](ReplaceTransaction& replace, const Checkpoint&) {
            const auto tilesets = Tilesets{replace.next(), {}}.of(layer);  // those that it has then
            if (tilesets.empty()) {
                throw Error{Errc::not_found, unknown_layer(layer)};
            }
            for (const auto& tileset : tilesets) {
                replace.remove_layer(tileset.name);
            }
        },
        {.audit = audit_entry(request, "delete", layer)});
    return text_reply(200, fmt::format("{} deleted", layer));
}

}  // namespace

void add_layer_routes(AdminRoutes& routes, const RestContext& context) {
    const auto list_json = [context](AdminRequest&) {
        return reply_with(RestJson(context.tilesets().layers()));
    };
    add_json_route(routes, {"GET", "/layers", Role::reader, list_json, {}});
    routes.push_back({"GET",
                      "/layers.xml",
                      Role::reader,
                      [context](AdminRequest& request) {
                          return names_in_xml(request, "layers", "layer", "layers",
                                              context.tilesets().layers());
                      },
                      {}});
    for (const auto* const end : {"", ".json", ".xml"}) {
        const auto pattern = fmt::format("/layers/{{layer}}{}", end);
        const bool wants_xml = std::string_view{end} != ".json";
        routes.push_back({"GET",
                          pattern,
                          Role::reader,
                          [context, wants_xml](AdminRequest& request) {
                              return get(context, request, wants_xml);
                          },
                          {}});
        routes.push_back({"DELETE",
                          pattern,
                          Role::admin,
                          [context](AdminRequest& request) { return remove(context, request); },
                          {}});
    }
}

}  // namespace offgrid
