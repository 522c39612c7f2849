#include "serve/style_handler.h"

#include "formats/base/error.h"
#include "serve/open_layers.h"
#include "serve/router.h"
#include "serve/style_document.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

/// A package, a tile file and fonts for both, in a folder that is served.
struct ServedStyles : testing::Test {
    ServedStyles() {
        write_package(folder / "kenya", "kenya", "z0: k");
        write_mbtiles(folder / "roads.mbtiles", draw("z0: r"));
        write(folder / "kenya/style/style.json", R"({"version": 8, "layers": []})");
        write(folder / "kenya/style/fonts/Own/0-255.pbf", "own glyphs");
        write(folder / "roads.style/style.json", R"({"version": 8, "layers": []})");
        write(folder / "fonts/Shared Font/0-255.pbf", "shared glyphs");
        write(folder / "secret.json", R"({"version": 8, "name": "secret"})");
    }

    static void write(const fs::path& path, std::string_view content) {
        fs::create_directories(path.parent_path());
        write_file(path, content);
    }

    Response get(std::string_view path) {
        const auto keep = [this](std::string_view line) { log.emplace_back(line); };
        const Live<LayerSet> layers{ServedPaths{{folder.path()}, *pool, keep}.layers()};
        return Router{layers, keep}.answer({.path = path, .base = "http://maps.local"});
    }

    std::string text(std::string_view path) { return std::string{as_text(get(path).content())}; }

    TempFolder folder;
    std::vector<std::string> log;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
};

TEST_F(ServedStyles, are_found_in_packages_and_beside_tile_files) {
    EXPECT_EQ(get("/styles/kenya/style.json").status, 200);
    EXPECT_EQ(get("/styles/kenya/style.json").header("Content-Type"), "application/json");
    EXPECT_EQ(get("/styles/roads/style.json").status, 200);
    EXPECT_EQ(Json::parse(text("/tiles/roads.json"))["style"],
              "http://maps.local/styles/roads/style.json");
    EXPECT_EQ(Json::parse(text("/layers.json"))["layers"][0]["style"], "styles/kenya/style.json");
}

TEST_F(ServedStyles, bring_glyphs_of_their_own_and_of_the_folder) {
    EXPECT_EQ(text("/styles/kenya/fonts/Own/0-255.pbf"), "own glyphs");
    EXPECT_EQ(text("/styles/kenya/fonts/Shared%20Font/0-255.pbf"), "shared glyphs");
    EXPECT_EQ(text("/styles/kenya/fonts/None,Own,Shared%20Font/0-255.pbf"), "own glyphs");
    EXPECT_EQ(text("/styles/roads/fonts/Own,Shared%20Font/0-255.pbf"), "shared glyphs");
    EXPECT_EQ(text("/fonts/Own/0-255.pbf"), "own glyphs");
    EXPECT_EQ(get("/fonts/Own/0-255.pbf").header("Content-Type"), "application/x-protobuf");
    EXPECT_EQ(Json::parse(text("/styles/kenya/style.json"))["glyphs"],
              "http://maps.local/styles/kenya/fonts/{fontstack}/{range}.pbf");
}

TEST_F(ServedStyles, bring_the_sprites_that_are_there) {
    EXPECT_FALSE(Json::parse(text("/styles/kenya/style.json")).contains("sprite"));
    const auto sprites = shared_files("viewer/sprites/v4");
    for (const auto& file : sprites) {
        const auto name = file.filename().string().replace(0, 5, "sprite");  // light.png
        fs::copy_file(file, folder / "kenya/style" / name);
        EXPECT_EQ(text("/styles/kenya/" + name), read_text(file)) << name;
    }
    if (!sprites.empty()) {
        EXPECT_EQ(Json::parse(text("/styles/kenya/style.json"))["sprite"],
                  "http://maps.local/styles/kenya/sprite");
        EXPECT_EQ(get("/styles/kenya/sprite@2x.png").header("Content-Type"), "image/png");
        EXPECT_EQ(get("/styles/kenya/sprite%402x.png").status, 200);
    }
}

TEST_F(ServedStyles, serve_the_glyphs_of_real_fonts_as_they_are) {
    for (const auto& file : shared_files("viewer/fonts/Noto Sans Regular")) {
        fs::create_directories(folder / "fonts/Noto Sans Regular");
        fs::copy_file(file, folder / "fonts/Noto Sans Regular" / file.filename().string());
        EXPECT_EQ(text("/fonts/Noto%20Sans%20Regular/" + file.filename().string()),
                  read_text(file));
    }
}

TEST_F(ServedStyles, know_only_what_clients_ask_for) {
    for (const auto* path : {"/styles/kenya/",
                             "/styles/kenya",
                             "/styles/",
                             "/styles/kenya/manifest.json",
                             "/styles/kenya/style.json/",
                             "/styles/kenya/../kenya/style.json",
                             "/styles/kenya/%2e%2e%2fmanifest.json",
                             "/styles/kenya/style%2ejson%00",
                             "/styles/kenya/sprite@3x.png",
                             "/styles/nowhere/style.json",
                             "/styles/ke%zzya/style.json",
                             "/fonts/Own/1-256.pbf",
                             "/fonts/Own/0-254.pbf",
                             "/fonts/Own/-256--1.pbf",
                             "/fonts/Own/0-255.json",
                             "/fonts/Own/0-255",
                             "/fonts/Own/.pbf",
                             "/fonts/Own/-.pbf",
                             "/fonts/Own/99999999999-99999999999.pbf",
                             "/fonts/Own/1114112-1114367.pbf",
                             "/fonts//0-255.pbf",
                             "/fonts/,/0-255.pbf",
                             "/fonts/../0-255.pbf",
                             "/fonts/%2e%2e/0-255.pbf",
                             "/fonts/%2e/0-255.pbf",
                             "/fonts/..%2ffonts%2fOwn/0-255.pbf",
                             "/fonts/Own%00/0-255.pbf",
                             "/fonts/%5c/0-255.pbf",
                             "/fonts/Own/x/0-255.pbf",
                             "/fonts/kenya%2fstyle%2ffonts%2fOwn/0-255.pbf",
                             "/fonts/%/0-255.pbf"}) {
        EXPECT_EQ(get(path).status, 404) << path;
    }
    EXPECT_EQ(get("/fonts/" + std::string(600, 'a') + "/0-255.pbf").status, 404);
}

TEST_F(ServedStyles, never_lead_out_of_their_folder) {
    const auto style = folder / "kenya/style/style.json";
    fs::remove(style);
    fs::create_symlink(folder / "secret.json", style);
    EXPECT_EQ(get("/styles/kenya/style.json").status, 404);

    fs::remove_all(folder / "kenya/style");
    fs::create_directories(folder / "elsewhere/fonts/F");
    write_file(folder / "elsewhere/style.json", "{}");
    write_file(folder / "elsewhere/fonts/F/0-255.pbf", "glyphs");
    fs::create_directory_symlink("../elsewhere", folder / "kenya/style");
    EXPECT_EQ(get("/styles/kenya/style.json").status, 404);
    fs::create_directory_symlink("../elsewhere/fonts/F", folder / "fonts/Linked");
    EXPECT_EQ(get("/fonts/Linked/0-255.pbf").status, 404);
}

TEST_F(ServedStyles, take_regular_files_of_sane_sizes_only) {
    const auto style = folder / "kenya/style/style.json";
    fs::remove(style);
    ASSERT_EQ(::mkfifo(style.c_str(), 0600), 0);
    EXPECT_EQ(get("/styles/kenya/style.json").status, 404) << "and does not wait for a writer";

    fs::remove(style);
    fs::create_directory(style);
    EXPECT_EQ(get("/styles/kenya/style.json").status, 404);

    fs::remove(style);
    write_file(style, "{}");
    fs::resize_file(style, max_style_bytes + 1);
    const auto response = get("/styles/kenya/style.json");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(std::string{as_text(response.content())}, Not(HasSubstr(folder.path().string())));
    EXPECT_THAT(log, testing::Contains(HasSubstr("more than")));
}

TEST_F(ServedStyles, are_refused_when_they_are_no_style) {
    const auto nested = std::string(100'000, '[') + std::string(100'000, ']');
    for (const auto& text :
         {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"8"},
          std::string{"{\"name\": \"\xFF\xFE\"}"}, std::string{"{\"zoom\": 1e999}"}, nested,
          "{\"metadata\": " + nested + "}"}) {
        write_file(folder / "kenya/style/style.json", text);
        EXPECT_EQ(get("/styles/kenya/style.json").status, 500) << text.substr(0, 40);
    }
}

StyleAddresses our_addresses(StyleTiles tiles = StyleTiles::vector) {
    return {.tiles = tiles,
            .tilejson = "/tiles/a.json",
            .sprite = "/styles/a/sprite",
            .glyphs = "/styles/a/fonts/{fontstack}/{range}.pbf"};
}

TEST(RewrittenStyle, names_this_server_and_no_other) {
    const auto style = Json::parse(rewritten_style(R"({
        "version": 8, "name": "A", "zoom": 3.5, "center": [1, 2],
        "sprite": [{"id": "x", "url": "https://other.example/s"}],
        "glyphs": "https://other.example/{fontstack}/{range}.pbf",
        "imports": [{"id": "i", "url": "https://other.example/i"}],
        "models": {"m": "https://other.example/m"}, "font-faces": {"f": "https://other.example/f"},
        "metadata": {"more": ["https://other.example"]},
        "sources": {
            "ours": {"type": "vector", "url": "mbtiles://a", "promoteId": "id",
                     "attribution": "<img src=//other.example>"},
            "tiles": {"type": "vector", "tiles": ["https://other.example/{z}/{x}/{y}"]},
            "photo": {"type": "raster", "tiles": ["https://other.example/{z}/{x}/{y}"]},
            "film": {"type": "video", "urls": ["https://other.example/v"]},
            "far": {"type": "geojson", "data": "https://other.example/d"},
            "near": {"type": "geojson", "data": {"type": "Point", "coordinates": [1, 2]}},
            "none": 7},
        "terrain": {"source": "photo"},
        "layers": [
            {"id": "ground", "type": "background"},
            {"id": "roads", "type": "line", "source": "ours", "source-layer": "road"},
            {"id": "picture", "type": "raster", "source": "photo"},
            {"id": "far", "type": "line", "source": "far"},
            {"id": "odd", "type": "line", "source": {"a": 1}},
            {"id": "names", "type": "symbol", "source": "near",
             "layout": {"text-field": ["get", "name:en"], "icon-image": "\\\\other.example/i"}},
            "no layer"]})",
                                                   our_addresses()));
    EXPECT_EQ(style, Json::parse(R"({
        "version": 8, "name": "A", "zoom": 3.5, "center": [1, 2], "metadata": {"more": [""]},
        "sprite": "/styles/a/sprite", "glyphs": "/styles/a/fonts/{fontstack}/{range}.pbf",
        "sources": {
            "ours": {"type": "vector", "url": "/tiles/a.json", "promoteId": "id"},
            "tiles": {"type": "vector", "url": "/tiles/a.json"},
            "near": {"type": "geojson", "data": {"type": "Point", "coordinates": [1, 2]}}},
        "layers": [
            {"id": "ground", "type": "background"},
            {"id": "roads", "type": "line", "source": "ours", "source-layer": "road"},
            {"id": "names", "type": "symbol", "source": "near",
             "layout": {"text-field": ["get", "name:en"], "icon-image": ""}}]})"));
}

TEST(RewrittenStyle, has_only_sources_of_what_the_tiles_are) {
    const auto* text = R"({"sources": {"v": {"type": "vector", "url": "x"},
        "r": {"type": "raster", "tileSize": 256, "url": "x"},
        "h": {"type": "raster-dem", "encoding": "terrarium", "url": "x"}}})";
    EXPECT_EQ(Json::parse(rewritten_style(text, our_addresses(StyleTiles::raster)))["sources"],
              Json::parse(R"({"r": {"type": "raster", "tileSize": 256, "url": "/tiles/a.json"},
                  "h": {"type": "raster-dem", "encoding": "terrarium", "url": "/tiles/a.json"}})"));
}

TEST(RewrittenStyle, has_no_sprite_and_no_glyphs_where_there_are_none) {
    const auto style = Json::parse(
        rewritten_style(R"({"sprite": "s", "glyphs": "g"})", {.tilejson = "/tiles/a.json"}));
    EXPECT_FALSE(style.contains("sprite"));
    EXPECT_FALSE(style.contains("glyphs"));
}

TEST(LooksLikeAddress, sees_through_what_browsers_skip) {
    for (const auto* text :
         {"http://a", "HTTPS://a", "https:a", "//a", "\\\\a", "/\\a", " \t//a", "ht\ntps://a",
          "/\t/a", "data:text/html,x", "\x01//a", "mapbox://sprites/a", "see https://a"}) {
        EXPECT_TRUE(looks_like_address(text)) << text;
    }
    for (const auto* text : {"", "name:en", "poi:shop", "a/b", "/", "#fff", "{name}", "1:50000"}) {
        EXPECT_FALSE(looks_like_address(text)) << text;
    }
}

}  // namespace
}  // namespace offgrid::test
