#pragma once

#include "serve/catalogue.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::ogc_api {

using Json = nlohmann::ordered_json;

/// Whether tiles are images ("map" in OGC's words) or vectors, which are listed apart.
enum class TileKind { map, vector };
TileKind kind_of(const Layer& layer);

/// The name of a matrix set: OGC's own where its tiles are those of a registered one (17-083r4,
/// annex D), else the catalogue's.
std::string id_of(const Catalogue::MatrixSet& set);

/// The tilesets of the layer that are of the kind and in the matrix set of that name, one for each
/// format.
std::vector<const Layer*> tilesets_in(const Catalogue::Entry& entry, TileKind kind,
                                      std::string_view matrix_set);

/// A part of a list, and where the client finds the next one.
struct Page {
    std::size_t offset = 0;
    std::size_t limit = 0;
};

// The documents. `root` is the address of the landing page, without a slash at the end.

Json landing_page(std::string_view root);
Json conformance();
Json definition(std::string_view root);
Json matrix_sets(const Catalogue& catalogue, std::string_view root);

/// Null when there is none of that name, or when it has no code of a reference system.
Json matrix_set(const Catalogue& catalogue, std::string_view id);

Json collections(const Catalogue& catalogue, std::string_view root, Page page);
Json collection(const Catalogue::Entry& entry, std::string_view root);
Json tilesets(const Catalogue::Entry& entry, TileKind kind, std::string_view root);

/// Null when the layer has none of that kind there.
Json tileset(const Catalogue::Entry& entry, TileKind kind, std::string_view matrix_set,
             std::string_view root);

}  // namespace offgrid::ogc_api
