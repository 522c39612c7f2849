// GDAL, a program of other people, opens our capabilities and finds every pixel where it belongs.

#include "formats/base/live.h"
#include "formats/image/encode.h"
#include "serve/http_server.h"
#include "serve/router.h"
#include "tests/serve/layers_of.h"
#include "tests/support/grids.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using Rgb = std::array<int, 3>;

/// Up and down between 0 and 255.
int wave(std::int64_t n) {
    return static_cast<int>(std::abs(n % 510 - 255));
}

/// The colour of a pixel of a zoom: tells tiles and the places within them apart.
Rgb colour_at(int z, std::int64_t x, std::int64_t y) {
    return {wave(x), wave(y), static_cast<int>((x / 256 * 60 + y / 256 * 20 + z * 7) % 256)};
}

std::optional<Tile> painted(const TileKey& key) {
    Image image{256, 256};
    for (int y = 0; y < 256; ++y) {
        for (int x = 0; x < 256; ++x) {
            const auto colour = colour_at(key.z, key.x * 256 + x, key.y * 256 + y);
            auto* const pixel = image.row(y) + std::ptrdiff_t{4} * x;
            for (std::size_t band = 0; band < 3; ++band) {
                pixel[band] = static_cast<std::uint8_t>(colour[band]);
            }
            pixel[3] = 255;
        }
    }
    Encoder encoder{Encoding::png, 90};
    return Tile{encoder.encode(image)};
}

/// What looks at a layer, and the grid it is in.
struct Case {
    std::string dataset{};
    GridRef grid = &Grid::google_maps_compatible();
    int z = 2;
};

struct ServiceGdalPeer : testing::Test {
    static GridRef german_grid() {
        return GridRef{Grid{{.name = "GK",
                             .srs = "EPSG:31467",
                             .extent = {3'300'000, 5'200'000, 3'812'000, 5'968'000},
                             .resolutions = {1000, 500, 250}}}};
    }

    static std::vector<Layer> some_layers() {
        std::vector<Layer> layers;
        for (const auto& [name, grid] :
             {std::pair{"mercator", GridRef{&Grid::google_maps_compatible()}},
              std::pair{"degrees", GridRef{&Grid::wgs84()}}, std::pair{"german", german_grid()},
              std::pair{"swiss", swiss_grid()}}) {
            layers.push_back(layer_with(
                name, {.grid = grid, .format = TileFormat::png, .max_zoom = 2}, painted));
        }
        return layers;
    }

    /// Ask GDAL for pixels all over the zoom, by coordinates.
    void expect_every_pixel_where_it_belongs(const Case& some) {
        const auto& grid = *some.grid;
        const auto extent = grid.extent();
        const auto whole = grid.box_of(grid.whole(some.z));
        const auto size = grid.resolution(some.z);
        std::string points;
        std::vector<Rgb> wanted;
        for (int i = 1; i < 20; ++i) {
            const auto east = extent.min_x + extent.width() * i / 20 + size * 0.37;
            const auto north = extent.min_y + extent.height() * (i * 7 % 20) / 20 + size * 0.41;
            points += fmt::format("{:.12f} {:.12f}\n", east, north);
            wanted.push_back(colour_at(some.z,
                                       static_cast<std::int64_t>((east - whole.min_x) / size),
                                       static_cast<std::int64_t>((whole.max_y - north) / size)));
        }
        const auto found =
            run({"gdallocationinfo", "-valonly", "-geoloc", "-b", "1", "-b", "2", "-b", "3",
                 some.dataset},
                {.input = points,
                 .cwd = {},
                 .environment = {{"GDAL_ENABLE_WMS_CACHE", "NO"}, {"GDAL_PAM_ENABLED", "NO"}}});
        ASSERT_EQ(found.exit_code, 0) << some.dataset << found.err;
        std::istringstream values{found.out};
        std::vector<Rgb> colours;
        for (Rgb colour{}; values >> colour[0] >> colour[1] >> colour[2];) {
            colours.push_back(colour);
        }
        EXPECT_EQ(colours, wanted) << some.dataset << '\n' << found.err;
    }

    Live<LayerSet> layers{std::make_unique<const LayerSet>(some_layers())};
    Router router{layers, [](std::string_view) {}};
    HttpServer server{{.listen = "127.0.0.1:0"},
                      [this](const Request& request) {
                          auto asked = request;
                          const auto base = server.url();
                          asked.base = base;
                          return router.answer(asked);
                      },
                      [](std::string_view) {}};
};

TEST_F(ServiceGdalPeer, reads_the_capabilities_of_wmts) {
    const auto by_address = "WMTS:" + server.url() + "/wmts/1.0.0/WMTSCapabilities.xml,layer=";
    const auto by_key =
        "WMTS:" + server.url() + "/service/wmts?SERVICE=WMTS&REQUEST=GetCapabilities,layer=";
    for (const auto& start : {by_address, by_key}) {
        expect_every_pixel_where_it_belongs({.dataset = start + "mercator"});
        expect_every_pixel_where_it_belongs({.dataset = start + "degrees", .grid = &Grid::wgs84()});
        expect_every_pixel_where_it_belongs({.dataset = start + "german", .grid = german_grid()});
        expect_every_pixel_where_it_belongs({.dataset = start + "swiss", .grid = swiss_grid()});
    }
}

TEST_F(ServiceGdalPeer, reads_the_tile_maps_of_tms) {
    const auto start = server.url() + "/tms/1.0.0/";
    expect_every_pixel_where_it_belongs({.dataset = start + "mercator"});
    expect_every_pixel_where_it_belongs({.dataset = start + "degrees", .grid = &Grid::wgs84()});
    expect_every_pixel_where_it_belongs({.dataset = start + "german", .grid = german_grid()});
}

}  // namespace
}  // namespace offgrid::test
