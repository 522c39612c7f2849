// A request: whatever its address and headers are, it is answered with a document that can be read,
// and what the server is not to say is not said. The first line is `path?query`, still
// percent-encoded; of each other line the first letter says which header the rest is the value of.
// `-dict=tests/fuzz/requests.dict` has the words of all addresses.

#include "formats/base/gzip.h"
#include "formats/base/live.h"
#include "formats/image/png.h"
#include "serve/access/token.h"
#include "serve/router.h"
#include "serve/service_document.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"
#include "tests/support/temp_folder.h"

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* input, std::size_t size, std::size_t room);

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the fuzzer is offgrid's
using test::operator/;

constexpr std::array<std::string_view, 36> seeds{
    "/tms/1.0.0/osm@WGS84/1/0/0.png",
    "/mapcache/tms/1.0.0/osm",
    "/tms/1.0.0/\nkmaps.local",
    "/wmts/1.0.0/osm/default/2024/GoogleMapsCompatible/1/0/0.png",
    "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=osm&TILEMATRIXSET=WGS84&TILEMATRIX="
    "WGS84:1&TILEROW=0&TILECOL=0&time=2024",
    "/wmts?REQUEST=GetCapabilities&AcceptVersions=1.0.0",
    "/gmaps/osm[time=2024]@GoogleMapsCompatible/1/0/0.png",
    "/ve?layer=osm&tile=01",
    "/mg/S0/osm/R0/C0/0_1.png",
    "/kml/osm@WGS84/1/0/0.kml\nkmaps.local",
    "/service/wmts/rest/osm/default/EPSG:900913/EPSG:900913:1/0/0?format=image/png",
    "/service/wmts/rest/WMTSCapabilities.xml\nfapplication/xml;q=0.5,*/*;q=0",
    "/gwc/service/tms/1.0.0/osm@EPSG%3A4326@png/1/0/0.png?flipY=true",
    "/service/gmaps?layers=osm&zoom=1&x=0&y=0&format=image/png",
    "/service/ve?layers=osm&quadkey=01",
    "/service/kml/osm/x0y0z1.png.kml",
    "/tiles/osm/1/0/0.png\nbbytes=0-9\nd\"x\"",
    "/tiles/streets/1/0/0.pbf\ngidentity;q=1,gzip;q=0",
    "/tiles/streets.json\nkmaps.local:80",
    "/wms?SERVICE=WMS&REQUEST=GetMap&VERSION=1.1.1&LAYERS=osm,ch&STYLES=&SRS=EPSG:3857&BBOX="
    "-2e7,-2e7,2e7,2e7&WIDTH=9&HEIGHT=9&FORMAT=image/png&TRANSPARENT=true&time=2024",
    "/?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0",
    "/ogc/collections?limit=2&offset=1\nkmaps.local",
    "/ogc/collections/osm/map/tiles/WebMercatorQuad/1/0/0?f=png",
    "/ogc/collections/streets/tiles/WebMercatorQuad",
    "/ogc/tileMatrixSets/Swiss",
    "/arcgis/rest/services/ch/MapServer",
    "/arcgis/rest/services/osm/MapServer/tile/1/0/0",
    "/styles/streets/style.json\nkmaps.local",
    "/styles/streets/fonts/Noto%20Sans,Other/0-255.pbf",
    "/fonts/Noto/256-511.pbf",
    "/layers/osm/coverage.json",
    "/layers/pack/files.json?box=-1e6,-1e6,1e6,1e6&limit=1",
    "/layers.json\ncW/\"x\", *",
    "/metrics\nl127.0.0.1\njBearer x",
    "/health",
    "/viewer.js\nggzip\neSun, 22 Nov 2026 04:00:00 GMT"};

/// What a line's first letter, from `a`, stands for. With `client` the server is a strict one.
constexpr std::array fields{&Request::user_agent,
                            &Request::range,
                            &Request::if_none_match,
                            &Request::if_range,
                            &Request::if_modified_since,
                            &Request::accept,
                            &Request::accept_encoding,
                            &Request::origin,
                            &Request::request_method,
                            &Request::authorization,
                            &Request::host,
                            &Request::client,
                            &Request::method};

/// Sound tiles, damaged ones, and those that are more than they look like.
Tile some_tile(const TileKey& key) {
    static const auto sound = encode_one_colour_png({1, 2, 3, 128}, 256, 256);
    static const std::array tiles{sound,
                                  Bytes{sound.begin(), sound.begin() + 60},
                                  Bytes{},
                                  encode_one_colour_png({1, 2, 3, 255}, 2048, 2048),
                                  gzipped(Bytes(17 << 20), 1),
                                  gzipped(Bytes(99, 'x'), 1),
                                  Bytes{0x1F, 0x8B, 8, 0},
                                  Bytes{0xFF, 0xD8, 0xFF, 0xE0, 0, 1},
                                  Bytes{'R', 'I', 'F', 'F', 9, 0, 0, 0, 'W', 'E', 'B', 'P'}};
    const auto place = static_cast<std::size_t>(key.z + 3 * key.x + 5 * key.y) % (2 * tiles.size());
    return {.content = place < tiles.size() ? tiles[place] : sound, .modified = {{}}};
}

Layer layer_of(std::string id, GridRef grid, std::optional<TileFormat> format) {
    return test::layer_with(std::move(id),
                            {.grid = grid,
                             .name = "<script>\"&'\x01\xFF",
                             .attribution = "<a href='http://other/'>",
                             .format = format,
                             .max_zoom = grid->levels() - 1,
                             .bounds = Box{5, 45, 11, 48}},
                            [grid](const TileKey& key) {
                                if (!grid->contains(key)) {
                                    std::abort();  // nobody asks a store for what no grid has
                                }
                                return std::optional{some_tile(key)};
                            });
}

std::shared_ptr<const Manifest> some_package() {
    Manifest package{.layer = "pack", .max_zoom = 9, .bounds = {-180, -85, 180, 85}};
    package.pyramids = {{.min_zoom = 0, .max_zoom = 4, .names = "low.mbtiles"},
                        {.min_zoom = 5,
                         .max_zoom = 9,
                         .names = "z5-{top_x}-{top_y}.mbtiles",
                         .options = {.top = 5}}};
    package.files = FileList{{.name = "low.mbtiles", .max_zoom = 4},
                             {.name = "z5-1-2.mbtiles", .min_zoom = 5, .max_zoom = 9},
                             {.name = "z5-31-31.mbtiles", .min_zoom = 5, .max_zoom = 9}};
    return std::make_shared<const Manifest>(std::move(package));
}

std::unique_ptr<const LayerSet> some_layers(const test::TempFolder& folder) {
    const auto& mercator = Grid::google_maps_compatible();
    std::vector<Layer> layers;
    for (const auto* grid : {&mercator, &Grid::wgs84()}) {
        auto layer = layer_of(layers.empty() ? "osm" : "osm@WGS84", grid, TileFormat::png);
        layer.name = "osm";
        layer.dimensions = {{.name = "time", .default_value = "2024", .values = [] {
                                 return std::vector<std::string>{"2024"};
                             }}};
        layers.push_back(std::move(layer));
    }
    layers.push_back(layer_of("streets", &mercator, TileFormat::pbf));
    layers.back().vector_layers = R"([{"id": "roads", "fields": {"<b>": "String"}}])";
    layers.push_back(layer_of("ch", test::swiss_grid(), {}));
    layers.push_back(layer_of("ch south", test::swiss_grid(Grid::Origin::bottom_left), {}));
    layers.back().limits = [](int z) { return TileRange{z, 0, 0, 1, 1}; };
    layers.push_back(layer_of("pack", &Grid::wgs84_512(), TileFormat::webp));
    layers.back().package = some_package();
    layers.push_back(layer_of("\"><script>&@%2F", &mercator, TileFormat::jpeg));
    for (auto& layer : layers) {
        layer.origin = (folder / "low.mbtiles").string();
        layer.style = style_of_package(folder.path(), folder.path());
    }
    const auto at_value = std::make_shared<const Layer>(layers.front());
    return std::make_unique<const LayerSet>(
        std::move(layers), std::nullopt, std::vector<LayerFinder>{[at_value](std::string_view id) {
            return id.starts_with("osm[time=2024]") ? at_value : nullptr;
        }});
}

/// Files beside the tiles, and who may read.
struct Files {
    Files() {
        using test::write_file;
        std::filesystem::create_directories(folder / "style");
        std::filesystem::create_directories(folder / "fonts/Noto");
        write_file(folder / "low.mbtiles", "tiles");
        write_file(folder / "style/style.json",
                   R"({"version": 8, "sources": {"a": {"type": "vector", "url": "http://other"}},
                       "sprite": "x", "glyphs": "y", "layers": []})");
        write_file(folder / "style/sprite.json", "{}");
        write_file(folder / "style/sprite.png", "x");
        write_file(folder / "fonts/Noto/0-255.pbf", "x");
        write_file(folder / "users", "reader:" + hash_token(token) + ":reader\n");
    }

    static constexpr const char* token =
        "offgrid_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const test::TempFolder folder;
};

std::string_view take_until(std::string_view& text, char separator) {
    const auto part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

bool is_control(char letter) {
    return static_cast<unsigned char>(letter) < ' ';
}

/// Whether the answer is what its headers say, and says nothing that it is not to.
bool is_sane(const Response& response, std::string_view secret) {
    const auto body = as_text(response.content());
    for (const auto& [name, value] : response.headers) {
        if (std::ranges::any_of(value, is_control) || value.find(secret) != std::string::npos) {
            return false;
        }
    }
    const auto type = response.header("Content-Type");
    const bool is_plain =
        response.status != 206 && !body.empty() && response.header("Content-Encoding").empty();
    if (is_plain && type.find("json") != std::string_view::npos && !nlohmann::json::accept(body)) {
        return false;
    }
    if (is_plain && type.find("xml") != std::string_view::npos &&
        type.find("image") == std::string_view::npos &&
        !pugi::xml_document{}.load_buffer(body.data(), body.size())) {
        return false;
    }
    const bool is_text = type.find("image") == std::string_view::npos;
    return response.status >= 200 && response.status < 600 &&
           body.find(secret) == std::string_view::npos &&
           !(is_text && is_plain &&
             body.find(ServiceDocument::root_mark) != std::string_view::npos);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* input, std::size_t size,
                                               std::size_t room, unsigned int random) {
    constexpr unsigned fresh_starts = 8;
    if (size < 2 || random % fresh_starts == 0) {
        const auto seed = seeds[random / fresh_starts % seeds.size()];
        size = std::min(seed.size(), room);
        std::memcpy(input, seed.data(), size);
    }
    return LLVMFuzzerMutate(input, size, room);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static const Files files;
    static const Live<LayerSet> layers{some_layers(files.folder)};
    static const WmsOptions wms{.limits = {.max_side = 64}, .max_tiles = 16};
    static const Router open{layers, [](std::string_view) {}, {.wms = wms}};
    static const Router strict{
        layers,
        [](std::string_view) {},
        {.answers = {.hosts = AllowedHosts{{"maps.local", "*.example.org"}},
                     .cors = Cors{"https://maps.local,http://localhost:8080"},
                     .absent = AbsentTiles::transparent,
                     .readers = std::make_shared<const Logins>(files.folder / "users")},
         .wms = wms}};
    static const auto secret = files.folder.path().string();

    std::string_view rest{reinterpret_cast<const char*>(input), size};
    const bool knows_secret = rest.find(secret) != std::string_view::npos;
    auto query = take_until(rest, '\n');
    Request request{.path = take_until(query, '?')};
    while (!query.empty()) {
        auto field = take_until(query, '&');
        const auto name = take_until(field, '=');
        request.query.push_back({.name = name, .value = field});
    }
    while (!rest.empty()) {
        const auto line = take_until(rest, '\n');
        if (!line.empty()) {
            const auto place = static_cast<std::size_t>(static_cast<unsigned char>(line[0]) - 'a');
            request.*fields[place % fields.size()] = line.substr(1);
        }
    }
    const auto base = is_host(request.host) ? "http://" + std::string{request.host} : "";
    request.base = base;
    const auto response = (request.client.empty() ? open : strict).answer(request);
    if (!knows_secret && !is_sane(response, secret)) {
        std::abort();
    }
    return 0;
}
