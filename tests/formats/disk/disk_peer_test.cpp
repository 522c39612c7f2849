// Debian's MapCache, a program of other people, writes disk caches that we read, and reads those
// that we write.

#include "formats/image/decode.h"
#include "tests/formats/disk/disk_test.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::names_below;
using test::png;
using test::png_bytes;
using test::run;
using test::TempFolder;
using testing::HasSubstr;
using testing::SizeIs;

constexpr int last_zoom = 3;
constexpr std::size_t tile_count = 1 + 4 + 16 + 64;

/// MapCache's own grid has 22 levels, which the keys that count from the deepest show.
Grid mapcache_grid(Grid::Origin origin = Grid::Origin::bottom_left) {
    const auto& mercator = Grid::google_maps_compatible();
    Grid::Definition definition{.name = mercator.name(),
                                .srs = mercator.srs(),
                                .extent = mercator.extent(),
                                .origin = origin};
    for (int z = 0; z < 22; ++z) {
        definition.resolutions.push_back(mercator.resolution(z));
    }
    return Grid{definition};
}

std::vector<TileKey> all_keys(const Grid& grid) {
    std::vector<TileKey> keys;
    for (int z = 0; z <= last_zoom; ++z) {
        for (std::int64_t x = 0; x < grid.matrix_width(z); ++x) {
            for (std::int64_t y = 0; y < grid.matrix_height(z); ++y) {
                keys.push_back({z, x, y});
            }
        }
    }
    return keys;
}

/// One way in which a cache may be configured, by MapCache's words and by ours.
struct Setup {
    std::string name;
    std::string xml;  ///< inside `<cache>`, with FOLDER for the folder
    DiskOptions options{};
    PathValues values{.tileset = "t", .extension = "png", .dimensions = {}};
    std::string format = "PNG";
    std::string tileset_xml{};  ///< inside `<tileset>`
};

Setup by_template(std::string name, const std::string& text) {
    return {.name = std::move(name),
            .xml = "<template>FOLDER/" + text + "</template>",
            .options = {.layout = DiskLayout::by_template, .path_template = text}};
}

constexpr const char* two_dimensions =
    "<dimensions><dimension type=\"values\" name=\"d1\" "
    "default=\"a.b/c\"><value>a.b/c</value></dimension>"
    "<dimension type=\"values\" name=\"d2\" "
    "default=\"v2\"><value>v2</value></dimension></dimensions>";

const std::vector<Setup>& setups() {
    static const std::vector<Setup> all = [] {
        std::vector<Setup> made{
            {.name = "tilecache",
             .xml = "<base>FOLDER</base>",
             .options = {.layout = DiskLayout::tilecache}},
            {.name = "arcgis",
             .xml = "<base>FOLDER</base>",
             .options = {.layout = DiskLayout::arcgis}},
            {.name = "worldwind",
             .xml = "<base>FOLDER</base>",
             .options = {.layout = DiskLayout::worldwind}},
            by_template("template", "{tileset}/{grid}/{inv_z}/{inv_x}-{y}_{inv_y}.{ext}"),
            by_template("dim without dimensions", "{dim}/{z}/{x}/{inv_y}.{ext}"),
        };
        auto mixed = made.front();
        mixed.name = "mixed";
        mixed.values.extension = "xxx";
        mixed.format = "mixed";
        made.push_back(mixed);
        for (auto with_dimensions :
             {made.front(), made[1], by_template("template", "{dim}/x{dim:d1}/{z}-{x}-{y}")}) {
            with_dimensions.name += " with dimensions";
            with_dimensions.values.dimensions = {{"d1", "a.b/c"}, {"d2", "v2"}};
            with_dimensions.tileset_xml = two_dimensions;
            made.push_back(with_dimensions);
        }
        return made;
    }();
    return all;
}

void PrintTo(const Setup& setup, std::ostream* out) {
    *out << setup.name;
}

class DiskPeer : public testing::TestWithParam<Setup> {
protected:
    fs::path cache() const { return folder_ / "cache"; }

    DiskOptions options() const {
        auto options = GetParam().options;
        options.base = cache();
        options.path_template = (cache() / options.path_template).string();
        return options;
    }

    TilesetSlice slice() const {
        TilesetSlice slice;
        slice.info.grid = &grid_;
        slice.values = GetParam().values;
        return slice;
    }

    /// A configuration with the tileset, which renders only where it has a source.
    fs::path config(const std::string& source) const {
        auto cache_xml = GetParam().xml;
        if (const auto at = cache_xml.find("FOLDER"); at != std::string::npos) {
            cache_xml.replace(at, 6, cache().string());
        }
        const auto layout = GetParam().options.layout;
        const auto* const word = layout == DiskLayout::by_template ? "template"
                                 : layout == DiskLayout::arcgis    ? "arcgis"
                                 : layout == DiskLayout::worldwind ? "worldwind"
                                                                   : "";
        return test::write_mapcache_config(
            folder_.path(),
            fmt::format(R"(<cache name="c" type="disk" layout="{}">{}</cache>
  <tileset name="t">{}<cache>c</cache><grid>GoogleMapsCompatible</grid><format>{}</format>{}</tileset>)",
                        word, cache_xml, source, GetParam().format, GetParam().tileset_xml));
    }

    /// TMS counts rows from the south.
    std::string served(const fs::path& xml, const TileKey& key) const {
        const auto answer =
            test::ask_mapcache(xml, fmt::format("/tms/1.0.0/t@GoogleMapsCompatible/{}/{}/{}.png",
                                                key.z, key.x, grid_.flip(key.z, key.y)));
        EXPECT_THAT(answer.headers, HasSubstr("Content-Type: image/")) << answer.body;
        return answer.body;
    }

    TempFolder folder_;
    Grid grid_ = mapcache_grid();
    test::Lockers locker_;
};

std::string identifier(const testing::TestParamInfo<Setup>& setup) {
    auto name = setup.param.name;
    std::ranges::replace(name, ' ', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(, DiskPeer, testing::ValuesIn(setups()), identifier);

TEST_P(DiskPeer, reads_what_mapcache_seeds) {
    const auto xml = config("<source>map</source>");
    const auto seeded = run({"mapcache_seed", "-c", xml.string(), "-t", "t", "-g",
                             "GoogleMapsCompatible", "-z", fmt::format("0,{}", last_zoom), "-q"});
    ASSERT_EQ(seeded.exit_code, 0) << seeded.out << seeded.err;

    const DiskReader reader{options(), slice()};
    std::set<TileKey> scanned;
    for (int z = 0; z <= last_zoom; ++z) {
        reader.scan(grid_.whole(z), [&](const TileKey& key, BytesView content) {
            EXPECT_EQ(reader.get(key)->content, Bytes(content.begin(), content.end()));
            scanned.insert(key);
        });
    }
    EXPECT_THAT(scanned, SizeIs(tile_count));
    std::size_t files = 0;
    for (const auto& name : names_below(cache())) {
        files += name.ends_with('/') ? 0 : 1;
    }
    EXPECT_EQ(files, tile_count) << "and no other";
    for (const TileKey key : {TileKey{0, 0, 0}, {1, 0, 0}, {1, 1, 1}, {3, 6, 1}}) {
        const auto tile = reader.get(key);
        ASSERT_TRUE(tile);
        EXPECT_TRUE(as_text(tile->content) == served(xml, key)) << key.z << '/' << key.x;
    }
}

TEST_P(DiskPeer, writes_what_mapcache_serves) {
    DiskWriter writer{options(), slice(), locker_};
    for (const auto& key : all_keys(grid_)) {
        writer.put(key, png_bytes(fmt::format("{} {} {}", key.z, key.x, key.y)));
    }
    writer.commit();

    const auto xml = config("");
    for (const TileKey key : {TileKey{0, 0, 0}, {1, 0, 0}, {1, 1, 1}, {3, 6, 1}}) {
        EXPECT_EQ(served(xml, key), png(fmt::format("{} {} {}", key.z, key.x, key.y)));
    }
    writer.erase({3, 6, 1});
    EXPECT_EQ(served(xml, {3, 6, 1}).size(), 116U) << "its blank tile";
}

// --- Blank tiles

class DiskBlankPeer : public testing::Test {
protected:
    /// A configuration whose tileset is of one colour everywhere.
    void seed(const std::string& layout, const std::array<int, 4>& colour,
              const std::string& tileset_xml = {}) {
        const auto raster = (folder_ / "uniform.tif").string();
        const auto made = run({"gdal_create",
                               "-q",
                               "-of",
                               "GTiff",
                               "-outsize",
                               "512",
                               "512",
                               "-bands",
                               "4",
                               "-burn",
                               std::to_string(colour[0]),
                               "-burn",
                               std::to_string(colour[1]),
                               "-burn",
                               std::to_string(colour[2]),
                               "-burn",
                               std::to_string(colour[3]),
                               "-co",
                               "ALPHA=YES",
                               "-co",
                               "PHOTOMETRIC=RGB",
                               "-a_srs",
                               "EPSG:3857",
                               "-a_ullr",
                               "-20037508.3427892",
                               "20037508.3427892",
                               "20037508.3427892",
                               "-20037508.3427892",
                               raster});
        ASSERT_EQ(made.exit_code, 0) << made.err;
        const auto xml = test::write_mapcache_config(
            folder_.path(),
            fmt::format(R"(<source name="uniform" type="gdal"><data>{}</data></source>
  <cache name="c" type="disk" layout="{}"><base>{}</base><symlink_blank/></cache>
  <tileset name="t"><source>uniform</source><cache>c</cache><grid>GoogleMapsCompatible</grid><format>PNG</format>{}</tileset>)",
                        raster, layout, (folder_ / "theirs").string(), tileset_xml));
        const auto seeded = run({"mapcache_seed", "-c", xml.string(), "-t", "t", "-g",
                                 "GoogleMapsCompatible", "-z", "0,1", "-q"});
        ASSERT_EQ(seeded.exit_code, 0) << seeded.out << seeded.err;
    }

    DiskOptions in(const char* name, DiskLayout layout) const {
        return {.layout = layout, .base = folder_ / name, .symlinks_blank = true};
    }

    TilesetSlice slice_of(std::vector<std::pair<std::string, std::string>> dimensions = {}) const {
        auto slice = test::slice_of(std::move(dimensions));
        slice.info.grid = &grid_;
        return slice;
    }

    /// Put what MapCache wrote into a folder of our own.
    void copy(DiskLayout layout, const TilesetSlice& slice) {
        const DiskReader reader{in("theirs", layout), slice};
        DiskWriter writer{in("ours", layout), slice, locker_};
        std::size_t copied = 0;
        for (const int z : {0, 1}) {
            reader.scan(grid_.whole(z), [&](const TileKey& key, BytesView content) {
                writer.put(key, content);
                ++copied;
            });
        }
        EXPECT_EQ(copied, 5U);
    }

    TempFolder folder_;
    Grid grid_ = mapcache_grid();
    test::Lockers locker_;
};

TEST_F(DiskBlankPeer, links_as_mapcache_does) {
    const std::pair<const char*, DiskLayout> layouts[] = {{"", DiskLayout::tilecache},
                                                          {"arcgis", DiskLayout::arcgis},
                                                          {"worldwind", DiskLayout::worldwind}};
    const std::pair<std::array<int, 4>, const char*> colours[] = {
        {{10, 20, 30, 255}, "1E140AFF.png"}, {{200, 100, 50, 128}, "19326480.png"}};
    for (const auto& [word, layout] : layouts) {
        for (const auto& [colour, file] : colours) {
            SCOPED_TRACE(std::string{word} + " " + file);
            fs::remove_all(folder_ / "theirs");
            fs::remove_all(folder_ / "ours");
            seed(word, colour);
            copy(layout, slice_of());
            const auto names = names_below(folder_ / "theirs");
            EXPECT_EQ(names_below(folder_ / "ours"), names);
            EXPECT_TRUE(fs::is_regular_file(
                fs::symlink_status(folder_ / "theirs/t/GoogleMapsCompatible/blanks" / file)));
            std::size_t links = 0;
            for (const auto& name : names) {
                if (fs::is_symlink(folder_.path() / "theirs" / name)) {
                    EXPECT_EQ(fs::read_symlink(folder_.path() / "ours" / name),
                              fs::read_symlink(folder_.path() / "theirs" / name));
                    ++links;
                }
            }
            EXPECT_EQ(links, 5U);
        }
    }
}

TEST_F(DiskBlankPeer, reads_the_absolute_links_of_mapcache_and_writes_relative_ones) {
    seed("", {10, 20, 30, 255},
         "<dimensions><dimension type=\"values\" name=\"colour\" "
         "default=\"blue\"><value>blue</value></dimension>"
         "</dimensions>");
    const auto slice = slice_of({{"colour", "blue"}});
    const auto theirs = DiskPaths{in("theirs", DiskLayout::tilecache), slice}.path_of({0, 0, 0});
    EXPECT_TRUE(fs::read_symlink(theirs).is_absolute()) << "mended: then this test may go";
    copy(DiskLayout::tilecache, slice);
    const auto ours = DiskPaths{in("ours", DiskLayout::tilecache), slice}.path_of({0, 0, 0});
    EXPECT_EQ(fs::read_symlink(ours), "../../../../../../../blanks/1E140AFF.png");
}

// --- Rows

/// How far the channels of two tiles are apart in the mean.
double difference(const std::optional<Tile>& one, const std::optional<Tile>& other) {
    const auto a = decode_tile(one->content).rgba;
    const auto b = decode_tile(other->content).rgba;
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += std::abs(a[i] - b[i]);
    }
    return sum / static_cast<double>(a.size());
}

/// The same map through a grid that counts from the south and one that counts from the north.
TEST(DiskRowsPeer, row_0_is_where_the_grid_starts) {
    const TempFolder folder;
    const auto xml = test::write_mapcache_config(
        folder.path(), fmt::format(R"(<grid name="north"><srs>EPSG:3857</srs><size>256 256</size>
    <extent>-20037508.3427892480 -20037508.3427892480 20037508.3427892480 20037508.3427892480</extent>
    <resolutions>156543.0339280410 78271.51696402048</resolutions><origin>top-left</origin></grid>
  <cache name="c" type="disk" layout="arcgis"><base>{}</base></cache>
  <tileset name="t"><source>map</source><cache>c</cache><grid>GoogleMapsCompatible</grid><grid>north</grid>
    <format>PNG</format></tileset>)",
                                   (folder / "cache").string()));
    for (const auto* grid : {"GoogleMapsCompatible", "north"}) {
        const auto seeded =
            run({"mapcache_seed", "-c", xml.string(), "-t", "t", "-g", grid, "-z", "1,1", "-q"});
        ASSERT_EQ(seeded.exit_code, 0) << seeded.out << seeded.err;
    }
    auto definition = Grid::Definition{.name = "north",
                                       .srs = "EPSG:3857",
                                       .extent = Grid::google_maps_compatible().extent(),
                                       .resolutions = {156543.0339280410, 78271.51696402048},
                                       .origin = Grid::Origin::top_left};
    const Grid north{definition};
    const auto from_south = mapcache_grid();
    const DiskOptions options{.layout = DiskLayout::arcgis, .base = folder / "cache"};
    auto slice = test::slice_of();
    slice.info.grid = &from_south;
    const DiskReader one{options, slice};
    slice.info.grid = &north;
    const DiskReader other{options, slice};
    for (const TileKey key : {TileKey{1, 0, 0}, {1, 1, 0}, {1, 0, 1}, {1, 1, 1}}) {
        EXPECT_LT(difference(one.get(key), other.get(key)), 1) << key.x << '/' << key.y;
    }
    EXPECT_GT(difference(one.get({1, 0, 0}), other.get({1, 0, 1})), 10);
}

}  // namespace
}  // namespace offgrid
