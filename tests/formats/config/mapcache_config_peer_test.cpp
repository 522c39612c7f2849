#include "formats/config/store_location.h"
#include "tests/formats/config/config_file.h"
#include "tests/formats/http/servers.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using config::MapcacheConfig;
using config::StoreLocations;
using test::run;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// Whether MapCache takes the file: it gets as far as to look for a tileset.
bool mapcache_takes(const std::filesystem::path& file) {
    const auto said = run({"mapcache_seed", "-c", file.string(), "-t", "nosuch"});
    return (said.out + said.err).find("tileset not found in configuration") != std::string::npos;
}

bool we_take(const std::filesystem::path& file) {
    try {
        MapcacheConfig::load(file);
        return true;
    } catch (const Error&) {
        return false;
    }
}

const std::string disk = "<cache name='d' type='disk'><base>/tmp/d</base></cache>";

std::string tileset(const std::string& cache, const std::string& more) {
    return "<tileset name='t'><source>s</source><cache>" + cache + "</cache>" + more +
           "<format>PNG</format></tileset>";
}

std::string dimension(const std::string& text) {
    return disk + tileset("d", "<grid>g</grid><dimensions>" + text + "</dimensions>");
}

const std::string grid =
    "<srs>EPSG:2154</srs><extent>0 0 1024 1024</extent><resolutions>4 2</resolutions>";

/// Configurations of which MapCache itself is the judge.
const std::vector<std::string> configurations{
    "",
    disk + tileset("d", "<grid>g</grid>"),
    disk + tileset("d", ""),
    disk + tileset("e", "<grid>g</grid>"),
    disk + tileset("d", "<grid>h</grid>"),
    disk + tileset("d", "<grid tolerance='0'>g</grid>"),
    disk + tileset("d", "<grid tolerance='-1'>g</grid>"),
    disk + tileset("d", "<grid restricted_extent='1 2 3'>g</grid>"),
    disk + tileset("d",
                   "<grid>g</grid><metadata><wgs84boundingbox>1 2</wgs84boundingbox>"
                   "</metadata>"),
    "<grid name='l'>" + grid +
        "<size>256 256</size><units>M</units><origin>Top-Left</origin></grid>",
    "<grid name='l'>" + grid + "<size>512 256</size></grid>",
    "<grid name='l'>" + grid + "<size>256</size></grid>",
    "<grid name='l'>" + grid + "<size>256 256</size><units>km</units></grid>",
    "<grid name='l'>" + grid + "<size>256 256</size><origin>top-right</origin></grid>",
    "<grid name='g'>" + grid + "<size>256 256</size></grid>",
    "<format name='f' type='PNG'/>",
    "<format name='f' type='png'/>",
    "<format name='f' type='raw'><extension>x</extension></format>",
    "<format name='f' type='Mixed'><transparent>PNG</transparent><opaque>JPEG</opaque></format>",
    "<format name='f' type='MIXED'><transparent>PNG</transparent><opaque>GIF</opaque></format>",
    "<format name='f' type='JPEG'><photometric>rgb</photometric></format>",
    "<format name='f' type='JPEG'><photometric>cmyk</photometric></format>",
    "<format name='f' type='JPEG'><quality>101</quality></format>",
    "<cache name='d' type='disk'/>",
    "<cache name='d' type='disk' layout='tree'><base>/tmp</base></cache>",
    "<cache name='d' type='disk' layout='arcgis'><base>/tmp</base></cache>",
    "<cache name='d' type='disk' layout='template'><base>/tmp</base></cache>",
    "<cache name='q' "
    "type='sqlite3'><dbfile>/tmp/q</dbfile><detect_blank>True</detect_blank></cache>",
    "<cache name='q' type='sqlite3'><base>/tmp</base></cache>",
    "<cache name='q' type='sqlite'><dbfile>/tmp/q</dbfile></cache>",
    "<cache name='w' type='rest'><url>http://h/{z}/{x}/{y}</url></cache>",
    "<cache name='w' type='rest'/>",
    "<cache name='w' type='s3'><url>http://h/{z}/{x}/{y}</url><id>i</id><secret>s</secret></cache>",
    "<cache name='m' type='memcache'/>",
    "<cache name='c' type='composite'><cache>d</cache></cache>" + disk,
    disk + "<cache name='c' type='composite'><cache grids='g,WGS84'>d</cache></cache>",
    disk + "<cache name='c' type='multitier'><cache>d</cache></cache>",
    disk + disk,
    dimension("<dimension name='d' type='values' default='A'><value>a</value></dimension>"),
    dimension("<dimension name='d' type='values' default='A'/>"),
    dimension("<dimension name='d' type='regex' default='A'><regex>^[A-Z]$</regex></dimension>"),
    dimension("<dimension name='d' type='regex' default='A'><regex>(</regex></dimension>"),
    dimension("<dimension name='d' type='intervals' default='1'>1/2/1</dimension>"),
    "<locker type='fallback'><locker type='fallback'><locker type='disk'/></locker></locker>",
};

TEST(MapcacheConfigPeer, judges_configurations_as_we_do) {
    const test::TempFolder folder;
    for (const auto& text : configurations) {
        const auto file = folder / "m.xml";
        test::write_file(file, "<mapcache><source name='s' type='dummy'/>" + text + "</mapcache>");
        EXPECT_EQ(we_take(file), mapcache_takes(file)) << text;
    }
}

TEST(MapcacheConfigPeer, takes_the_sample_as_we_do) {
    const std::filesystem::path sample{OFFGRID_SOURCE_DIR "/tests/formats/config/sample.xml"};
    EXPECT_TRUE(mapcache_takes(sample));
    const auto config = MapcacheConfig::load(sample);
    EXPECT_EQ(config->tilesets().size(), 5U);
    EXPECT_EQ(config->caches().size(), 12U);
    EXPECT_EQ(test::options_of<DiskOptions>(*config, "tree").base, "/var/cache/maps/tree");
    EXPECT_EQ(test::options_of<HttpOptions>(*config, "web").common.headers.front().second,
              "rest.example.org");
    EXPECT_THAT(config->unused(), Not(Contains(HasSubstr("unknown"))));
}

/// What MapCache has seeded into a folder, by a configuration with that tileset `t` on a disk
/// cache `d`.
struct Seeded {
    Seeded(const std::string& doctype, const std::string& base, const std::string& tileset_text,
           const std::string& zoom) {
        const auto file = folder / "m.xml";
        test::write_file(file, doctype +
                                   "<mapcache><source name='s' type='dummy'/>"
                                   "<cache name='d' type='disk'><base>" +
                                   base + "</base></cache>" + tileset("d", tileset_text) +
                                   "</mapcache>");
        run({"mapcache_seed", "-q", "-c", file.string(), "-t", "t", "-z", zoom + "," + zoom},
            {.input = {}, .cwd = folder.path(), .environment = {}});
    }

    test::TempFolder folder;
    StoreLocations locations{8, [](const std::string&) {}};
};

TEST(MapcacheConfigPeer, makes_the_tiles_around_an_extent_that_we_allow) {
    const test::TempFolder tiles;
    Seeded seeded{"", tiles.path().string(), "<grid restricted_extent='100 100 2000 2000'>g</grid>",
                  "12"};
    const auto location = seeded.locations.find((seeded.folder / "m.xml").string());
    std::size_t read = 0;
    location.open_reader()->scan(location.limits(12), [&](const TileKey&, BytesView) { ++read; });
    EXPECT_EQ(read, 121U);
}

TEST(MapcacheConfigPeer, writes_into_the_folder_of_an_entity) {
    const test::TempFolder tiles;
    Seeded seeded{"<!DOCTYPE mapcache [ <!ENTITY base '" + tiles.path().string() + "'> ]>",
                  "&base;/a", "<grid>g</grid>", "0"};
    EXPECT_TRUE(std::filesystem::exists(tiles / "a/t/g/00/000/000/000/000/000/000.png"));
    const auto location = seeded.locations.find((seeded.folder / "m.xml").string());
    EXPECT_TRUE(location.open_reader()->exists({0, 0, 0}));
}

TEST(MapcacheConfigPeer, stores_a_default_in_the_letters_of_the_default) {
    const test::TempFolder tiles;
    Seeded seeded{"", tiles.path().string(),
                  "<grid>g</grid><dimensions><dimension name='D' type='values' default='FOO'>"
                  "<value>foo</value></dimension></dimensions>",
                  "0"};
    const auto location = seeded.locations.find((seeded.folder / "m.xml").string());
    EXPECT_TRUE(location.open_reader()->exists({0, 0, 0}));
}

/// A cache `d` and a tileset `t` of it with two dimensions, the first of which takes values with
/// characters that mean something in a path.
std::string with_two_dimensions(const std::string& cache) {
    return "<mapcache><source name='s' type='dummy'/>" + cache +
           tileset("d",
                   "<grid>g</grid><dimensions>"
                   "<dimension name='d1' type='regex' default='x'><regex>.*</regex></dimension>"
                   "<dimension name='d2' type='values' default='v1'><value>v1</value>"
                   "<value>v2</value></dimension></dimensions>") +
           "</mapcache>";
}

TEST(MapcacheConfigPeer, finds_the_tiles_of_two_dimensions_where_mapcache_put_them) {
    for (const std::string cache :
         {"<cache name='d' type='disk'><base>disk</base></cache>",
          "<cache name='d' type='disk' layout='template'><template>of{dim}/{z}/{x}/{y}.png"
          "</template></cache>",
          "<cache name='d' type='sqlite3'><dbfile>d.db</dbfile></cache>",
          "<cache name='d' type='sqlite3'><dbfile>d{dim:d2}.db</dbfile></cache>",
          "<cache name='d' type='lmdb'><base>lmdb</base></cache>"}) {
        const test::TempFolder folder;
        std::filesystem::create_directory(folder / "lmdb");  // MapCache does not
        const auto absolute = [&](std::string text) {
            for (const std::string element : {"<base>", "<template>", "<dbfile>"}) {
                if (const auto at = text.find(element); at != std::string::npos) {
                    text.insert(at + element.size(), folder.path().string() + "/");
                }
            }
            return text;
        };
        const auto file = folder / "m.xml";
        test::write_file(file, with_two_dimensions(absolute(cache)));
        const auto seeded = run({"mapcache_seed", "-q", "-c", file.string(), "-t", "t", "-z", "1,1",
                                 "-D", "d1=a.b/c", "-D", "d2=v2"});
        ASSERT_EQ(seeded.exit_code, 0) << cache << seeded.out << seeded.err;

        StoreLocations locations{8, [](const std::string&) {}};
        const auto slice = [&](const std::string& d1, const std::string& d2) {
            return locations
                .find(file.string(), {.grid = {}, .dimensions = {{"d1", d1}, {"d2", d2}}})
                .open_reader();
        };
        const auto there = slice("a.b/c", "v2");
        for (const TileKey key : {TileKey{1, 0, 0}, {1, 0, 1}, {1, 1, 0}, {1, 1, 1}}) {
            EXPECT_TRUE(there->exists(key)) << cache;
        }
        EXPECT_FALSE(slice("a.b/c", "v1")->exists({1, 0, 0})) << cache;
        EXPECT_FALSE(slice("a.b", "v2")->exists({1, 0, 0})) << cache;
    }
}

TEST(StoreLocationServer, is_asked_with_the_query_of_a_location) {
    const test::StubServer server;
    StoreLocations locations{8, [](const std::string&) {}};
    const auto location = locations.find(server.url() + "/tiles?z={z}&x={x}&y={y}");
    location.open_reader()->get({2, 1, 0});
    EXPECT_EQ(server.requests().back().path, "/tiles?z=2&x=1&y=0");
}

}  // namespace
}  // namespace offgrid
