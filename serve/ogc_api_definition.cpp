#include "serve/ogc_api_documents.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

namespace offgrid::ogc_api {
namespace {

Json path_parameter(std::string_view name, std::string_view type) {
    return {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", type}}}};
}

Json query_parameter(std::string_view name, Json schema) {
    return {{"name", name}, {"in", "query"}, {"required", false}, {"schema", std::move(schema)}};
}

/// The parameters that a path names in braces.
Json parameters_of(std::string_view path) {
    auto parameters = Json::array();
    for (const auto& [name, type] :
         {std::pair{"collectionId", "string"}, std::pair{"tileMatrixSetId", "string"},
          std::pair{"tileMatrix", "string"}, std::pair{"tileRow", "integer"},
          std::pair{"tileCol", "integer"}}) {
        if (path.find(fmt::format("{{{}}}", name)) != std::string_view::npos) {
            parameters.push_back(path_parameter(name, type));
        }
    }
    return parameters;
}

struct Path {
    std::string_view path;
    std::string_view operation;
    std::string_view summary;
    std::string_view answer;  ///< a media type
};

constexpr std::array<Path, 12> paths{{
    {"/", "getLandingPage", "The landing page", "application/json"},
    {"/conformance", "getConformance", "The conformance classes", "application/json"},
    {"/tileMatrixSets", "getTileMatrixSetsList", "The tile matrix sets", "application/json"},
    {"/tileMatrixSets/{tileMatrixSetId}", "getTileMatrixSet", "A tile matrix set",
     "application/json"},
    {"/collections", "getCollectionsList", "The layers", "application/json"},
    {"/collections/{collectionId}", "getCollection", "A layer", "application/json"},
    {"/collections/{collectionId}/map/tiles", "collection.map.getTileSetsList",
     "The layer's tilesets of images", "application/json"},
    {"/collections/{collectionId}/map/tiles/{tileMatrixSetId}", "collection.map.getTileSet",
     "A tileset of images", "application/json"},
    {"/collections/{collectionId}/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
     "collection.map.getTile", "An image", "image/*"},
    {"/collections/{collectionId}/tiles", "collection.vector.getTileSetsList",
     "The layer's tilesets of vector tiles", "application/json"},
    {"/collections/{collectionId}/tiles/{tileMatrixSetId}", "collection.vector.getTileSet",
     "A tileset of vector tiles", "application/json"},
    {"/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
     "collection.vector.getTile", "A vector tile", "application/vnd.mapbox-vector-tile"},
}};

Json operation_of(const Path& path) {
    auto parameters = parameters_of(path.path);
    if (path.path == "/collections") {
        parameters.push_back(query_parameter("offset", {{"type", "integer"}, {"minimum", 0}}));
        parameters.push_back(query_parameter("limit", {{"type", "integer"}, {"minimum", 1}}));
    }
    parameters.push_back(query_parameter("f", {{"type", "string"}}));
    Json answers{{"200",
                  {{"description", path.summary},
                   {"content", {{path.answer, {{"schema", Json::object()}}}}}}},
                 {"400", {{"description", "The request is not as it should be"}}},
                 {"404", {{"description", "There is no such thing"}}}};
    return {{"operationId", path.operation},
            {"summary", path.summary},
            {"parameters", std::move(parameters)},
            {"responses", std::move(answers)}};
}

}  // namespace

Json definition(std::string_view root) {
    Json operations;
    for (const auto& path : paths) {
        operations[std::string{path.path}] = {{"get", operation_of(path)}};
    }
    return {{"openapi", "3.0.3"},
            {"info",
             {{"title", "offgrid"},
              {"version", OFFGRID_VERSION},
              {"description", "OGC API - Tiles over the layers of this server"}}},
            {"servers", Json::array({{{"url", root}}})},
            {"paths", std::move(operations)}};
}

}  // namespace offgrid::ogc_api
