// Stores of tiles as sources of a pack.

#include "formats/config/store_location.h"
#include "formats/image/encode.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Image one_colour(int size, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    Image image{size, size};
    for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
        image.rgba[i] = red;
        image.rgba[i + 1] = green;
        image.rgba[i + 2] = blue;
        image.rgba[i + 3] = 255;
    }
    return image;
}

Bytes png_of(const Image& image) {
    return Encoder{Encoding::png, 75}.encode(image);
}

/// Write tiles to a store as a user names it.
void write_tiles(const std::string& store, const std::vector<std::pair<TileKey, Bytes>>& tiles,
                 const StoreInfo& like = {}) {
    config::StoreLocations locations{8, [](const std::string&) {}};
    const auto location = locations.find(store);
    const auto writer = location.open_writer(like);
    for (const auto& [key, content] : tiles) {
        writer->put(key, content);
    }
    writer->commit();
}

/// The mean difference of the samples of two images.
double difference(const Image& one, const Image& other) {
    double sum = 0;
    for (std::size_t i = 0; i < one.rgba.size(); ++i) {
        sum += std::abs(one.rgba[i] - other.rgba[i]);
    }
    return sum / static_cast<double>(one.rgba.size());
}

/// A raster on zoom 8 that does not fill its tiles, and the package of it.
class StoreSource : public testing::Test {
protected:
    StoreSource() {
        auto raster = raster_on({8, 128, 124, 131, 127});
        raster.width -= 100;
        raster.height -= 50;
        raster.box->max_x -= 100 * pixel;
        raster.box->min_y += 50 * pixel;
        raster.value = [](int x, int y, int band) {
            return 128 + 100 * std::sin(x * 0.03 + band) * std::cos(y * 0.02);
        };
        raster_ = write_tiff(folder_ / "a.tif", raster);
    }

    PackOptions options(const std::string& source, const std::string& name) const {
        return {.sources = {source}, .output = folder_ / name, .layer = "map"};
    }

    /// Pack the raster as a package that other tests take for their source.
    void pack_original(Encoding encoding = Encoding::png) const {
        auto package = options(raster_, "original");
        package.encoding = encoding;
        package.zooms = {{4, 8}};
        pack_quietly(package);
    }

    /// Copy the tiles of the original into a store as a user names it.
    std::string copied_to(const std::string& name) const {
        const auto store = (folder_ / name).string();
        config::StoreLocations locations{8, [](const std::string&) {}};
        const auto original = locations.find(folder_ / "original").open_reader();
        const auto writer = locations.find(store).open_writer(original->info());
        for (int zoom = 4; zoom <= 8; ++zoom) {
            original->scan(
                original->info().grid->whole(zoom),
                [&](const TileKey& key, BytesView content) { writer->put(key, content); });
        }
        writer->commit();
        return store;
    }

    /// A configuration whose tileset is the file `a.mbtiles`.
    std::string configured(const std::string& name) const {
        std::ofstream{folder_ / name} << fmt::format(
            "<mapcache><cache name='c' type='mbtiles'><dbfile>{}</dbfile></cache>"
            "<tileset name='map'><cache>c</cache><grid>GoogleMapsCompatible</grid>"
            "<format>PNG</format></tileset></mapcache>",
            (folder_ / "a.mbtiles").string());
        return folder_ / name;
    }

    /// Expect that the package shows what the original does, at each of its zooms.
    void expect_the_original(const std::string& name, double most = 0) const {
        const PackedTiles original{folder_ / "original"};
        const PackedTiles made{folder_ / name};
        const auto& grid = Grid::google_maps_compatible();
        int tiles = 0;
        for (int zoom = 4; zoom <= 8; ++zoom) {
            const auto range = grid.range_of(zoom, grid.box_of(TileRange{8, 128, 124, 131, 127}));
            for (auto y = range.min_y; y < range.max_y; ++y) {
                for (auto x = range.min_x; x < range.max_x; ++x, ++tiles) {
                    EXPECT_LE(difference(original.image({zoom, x, y}), made.image({zoom, x, y})),
                              most)
                        << zoom << "/" << x << "/" << y;
                }
            }
        }
        EXPECT_GE(tiles, 9 + 4 + 3);
    }

    const double pixel = Grid::google_maps_compatible().resolution(8);

    TempFolder folder_;
    std::string raster_;
};

TEST_F(StoreSource, is_any_kind_of_store_and_shows_the_same_tiles_again) {
    pack_original();
    const auto package = (folder_ / "original").string();
    const std::vector<std::string> stores{package,
                                          copied_to("a.mbtiles"),
                                          configured("mapcache.xml"),
                                          configured("mapcache.xml") + "#map",
                                          copied_to("a.pmtiles"),
                                          copied_to("a.gpkg"),
                                          copied_to("b.gpkg#tiles"),
                                          copied_to("xyz/{z}/{x}/{y}.png"),
                                          copied_to("tms/{z}/{x}/{-y}.png")};
    for (const auto& store : stores) {
        SCOPED_TRACE(store);
        auto again = options(store, "again");
        again.overwrite = Overwrite::yes;
        again.zooms = {{4, 8}};

        const auto result = pack_quietly(again);

        EXPECT_EQ(result.manifest.format, TileFormat::png);
        expect_the_original("again");
    }
}

TEST_F(StoreSource, is_packed_to_its_deepest_zoom_and_as_jpeg_where_it_is_jpeg) {
    pack_original(Encoding::jpeg);
    const auto store = copied_to("a.mbtiles");

    auto again = options(store, "again");
    const auto result = pack_quietly(again);

    EXPECT_EQ(result.manifest.max_zoom, 8);
    EXPECT_EQ(result.manifest.format, TileFormat::jpeg);
    expect_the_original("again", 3);
}

TEST_F(StoreSource, of_jpeg_tiles_ends_where_its_bounds_say) {
    pack_original(Encoding::jpeg);
    const auto store = copied_to("a.mbtiles");

    auto again = options(store, "again");
    again.encoding = Encoding::png;
    pack_quietly(again);

    const auto tile = PackedTiles{folder_ / "again"}.image({8, 130, 126});
    EXPECT_EQ(pixel_at(tile, 155, 205)[3], 255);
    EXPECT_EQ(pixel_at(tile, 156, 205)[3], 0);
    EXPECT_EQ(pixel_at(tile, 155, 206)[3], 0);
}

TEST_F(StoreSource, is_read_at_the_zoom_that_is_asked_for) {
    write_tiles(folder_ / "a.mbtiles", {{{6, 32, 31}, png_of(one_colour(256, 200, 0, 0))},
                                        {{8, 128, 124}, png_of(one_colour(256, 0, 0, 200))}});
    auto shallow = options(folder_ / "a.mbtiles", "out");
    shallow.zooms = {{5, 6}};

    const auto result = pack_quietly(shallow);

    const PackedTiles tiles{folder_ / "out"};
    EXPECT_EQ(pixel_at(tiles.image({6, 32, 31}), 128, 128), (Pixel{200, 0, 0, 255}));
    EXPECT_THAT(result.notes, testing::Contains(HasSubstr("zoom 6 are taken, of 8")));
}

TEST_F(StoreSource, may_have_tiles_of_512_pixels) {
    auto left_right = one_colour(512, 200, 0, 0);
    for (int y = 0; y < 512; ++y) {
        std::fill_n(left_right.row(y), std::size_t{4} * 256, std::uint8_t{255});
    }
    write_tiles(folder_ / "a.mbtiles", {{{6, 32, 31}, png_of(left_right)}});

    const auto result = pack_quietly(options(folder_ / "a.mbtiles", "out"));

    EXPECT_EQ(result.manifest.max_zoom, 7);
    const PackedTiles tiles{folder_ / "out"};
    EXPECT_EQ(pixel_at(tiles.image({7, 64, 62}), 255, 255), (Pixel{255, 255, 255, 255}));
    EXPECT_EQ(pixel_at(tiles.image({7, 65, 63}), 0, 0), (Pixel{200, 0, 0, 255}));
}

TEST_F(StoreSource, is_rendered_to_another_grid_as_its_raster_is) {
    auto mercator = options(raster_, "original");
    mercator.encoding = Encoding::png;
    pack_quietly(mercator);
    auto direct = options(raster_, "direct");
    direct.grid = "WGS84";
    direct.encoding = Encoding::png;
    const auto expected = pack_quietly(direct);

    auto indirect = direct;
    indirect.sources = {folder_ / "original"};
    indirect.output = folder_ / "indirect";
    indirect.zooms = {{0, expected.manifest.max_zoom}};
    pack_quietly(indirect);

    config::StoreLocations locations{8, [](const std::string&) {}};
    const auto one = locations.find(folder_ / "direct").open_reader();
    const auto other = locations.find(folder_ / "indirect").open_reader();
    int tiles = 0;
    one->scan(Grid::wgs84().whole(expected.manifest.max_zoom), [&](const TileKey& key,
                                                                   BytesView content) {
        const auto same = other->get(key);
        ASSERT_TRUE(same);
        EXPECT_LT(difference(decode({content.begin(), content.end()}), decode(same->content)), 0.6);
        ++tiles;
    });
    EXPECT_GT(tiles, 4);
}

TEST_F(StoreSource, gives_the_same_bytes_whatever_the_number_of_threads) {
    pack_original();
    const auto store = copied_to("a.mbtiles");
    auto one = options(store, "one");
    one.threads = 1;
    auto four = options(store, "four");
    four.threads = 4;

    pack_quietly(one);
    pack_quietly(four);

    EXPECT_EQ(contents(folder_ / "one"), contents(folder_ / "four"));
}

TEST_F(StoreSource, lies_over_and_under_rasters_like_any_other) {
    write_tiles(folder_ / "a.mbtiles", {{{8, 128, 124}, png_of(one_colour(256, 200, 0, 0))}});
    auto both = options(raster_, "out");
    both.sources.push_back(folder_ / "a.mbtiles");
    both.encoding = Encoding::png;
    both.zooms = {{8, 8}};

    pack_quietly(both);

    const PackedTiles tiles{folder_ / "out"};
    EXPECT_EQ(pixel_at(tiles.image({8, 128, 124}), 9, 9), (Pixel{200, 0, 0, 255}));
    EXPECT_NE(pixel_at(tiles.image({8, 129, 124}), 9, 9), (Pixel{200, 0, 0, 255}));
}

// --- What is wrong with a store

TEST_F(StoreSource, with_a_damaged_tile_ends_the_pack_and_names_the_tile) {
    write_tiles(folder_ / "a.mbtiles", {{{8, 128, 124}, png_of(one_colour(256, 200, 0, 0))},
                                        {{8, 130, 124}, Bytes(100, std::uint8_t{1})}});

    EXPECT_THAT([&] { pack_quietly(options(folder_ / "a.mbtiles", "out")); },
                throws(Errc::corrupt, HasSubstr("tile 8/130/124")));
}

TEST_F(StoreSource, with_a_damaged_tile_lacks_no_other_where_that_is_allowed) {
    std::vector<std::pair<TileKey, Bytes>> tiles;
    for (int x = 128; x < 136; ++x) {
        tiles.push_back({{8, x, 124}, png_of(one_colour(256, 200, 0, 0))});
    }
    tiles[3].second.resize(40);
    write_tiles(folder_ / "a.mbtiles", tiles);
    auto lenient = options(folder_ / "a.mbtiles", "out");
    lenient.on_damage = OnDamage::report;
    lenient.zooms = {{8, 8}};

    const auto result = pack_quietly(lenient);

    EXPECT_EQ(result.tiles, 7);
    ASSERT_EQ(result.damage.size(), 1U);
    EXPECT_THAT(result.damage.front().cause, HasSubstr("tile 8/131/124"));
    EXPECT_FALSE(PackedTiles{folder_ / "out"}.get({8, 131, 124}));
}

TEST_F(StoreSource, with_vector_tiles_is_refused) {
    StoreInfo like;
    like.format = TileFormat::pbf;
    write_tiles(folder_ / "a.mbtiles", {{{8, 128, 124}, Bytes{0x1F, 0x8B, 8, 0}}}, like);

    EXPECT_THAT([&] { pack_quietly(options(folder_ / "a.mbtiles", "out")); },
                throws(Errc::unsupported, HasSubstr("holds vector tiles")));
}

TEST_F(StoreSource, without_tiles_is_refused) {
    write_tiles(folder_ / "a.mbtiles", {{{8, 128, 124}, png_of(one_colour(256, 200, 0, 0))}});
    ASSERT_EQ(run({"sqlite3", folder_ / "a.mbtiles", "delete from map"}).exit_code, 0);
    const auto folder = (folder_ / "none/{z}/{x}/{y}.png").string();

    for (const auto& store : {(folder_ / "a.mbtiles").string(), folder}) {
        EXPECT_THAT([&] { pack_quietly(options(store, "out")); },
                    throws(Errc::invalid_argument, AllOf(HasSubstr(store), HasSubstr("no tiles"))));
    }
}

}  // namespace
}  // namespace offgrid::test
