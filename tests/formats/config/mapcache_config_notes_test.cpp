#include "tests/formats/config/config_file.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::failure_of;
using test::load;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(MapcacheConfigNotes, tells_once_what_it_does_not_use) {
    const auto config = load(R"(<source name="osm" type="wms"><retries>3</retries></source>
<service type="wmts" enabled="true"/><service type="wms" enabled="false"/>
<errors>report</errors><foo/><foo/><log_level>debug</log_level>
<environment><AWS_ACCESS_KEY_ID>x</AWS_ACCESS_KEY_ID></environment>
<cache name="c" type="disk"><base>/d</base><template>x</template><colour/></cache>
<cache name="z" type="composite"><cache maxzoom="3">c</cache></cache>
<cache name="r" type="riak"><server><host>h</host><port>8087</port><bucket>b</bucket></server></cache>
<tileset name="a"><cache>c</cache><grid>g</grid><metatile>5 5</metatile><colour/></tileset>
<tileset name="b"><cache>c</cache><grid>g</grid><metatile>5 5</metatile></tileset>
<locker type="fallback"><locker type="memcache"><server><host>h</host></server></locker></locker>)");
    EXPECT_THAT(
        config->unused(),
        ElementsAre(
            "<errors> (line 4): requests are answered in a way of our own",
            "unknown element <foo> (line 4)",
            "<log_level> (line 4): it is for MapCache's own process",
            "<environment> (line 5): set the environment of the program instead",
            "<source> 'osm' of type 'wms' (line 2): tiles are not rendered",
            "unknown element <colour> (line 6)",
            "<template> (line 6): it is used with layout=\"template\" only",
            "<cache> (line 7): MapCache ignores maxzoom; max-zoom is meant",
            "<port> (line 8): 8087 is Riak's port for protocol buffers; tiles are read by HTTP, "
            "usually on 8098",
            "<metatile> (line 9): tiles are not rendered",
            "<service> of type 'wmts' (line 3): tiles have addresses of our own",
            "<locker> of type 'memcache' (line 11): files lock instead"));
}

TEST(MapcacheConfigNotes, leaves_out_tilesets_that_nothing_here_can_read) {
    const auto config = load(R"(<cache name="d" type="disk"><base>/d</base></cache>
<cache name="far" type="tiff"><template>https://h/{z}/{x}/{y}</template><storage type="rest"/></cache>
<cache name="up" type="fallback"><cache>d</cache><cache>far</cache></cache>
<tileset name="a"><cache>up</cache><grid>g</grid></tileset>
<tileset name="b"><cache>d</cache><grid>g</grid><dimensions>
<dimension name="p" type="postgresql" default="1"/></dimensions></tileset>
<tileset name="ok"><cache>d</cache><grid>g</grid></tileset>)");
    ASSERT_EQ(config->tilesets().size(), 1U);
    EXPECT_EQ(config->tilesets().front()->name, "ok");
    EXPECT_THAT(
        config->unused(),
        ElementsAre("<storage> of type 'rest' (line 3): TIFF files are read from the file system "
                    "only",
                    "<cache> 'up' of type 'fallback' (line 4): needs cache 'far': TIFF files are "
                    "read from the file system only",
                    "<tileset> 'a' (line 5): its cache 'up' cannot be used: needs cache 'far': "
                    "TIFF files are read from the file system only",
                    "<dimension> 'p' of type 'postgresql' (line 7): nothing here can ask such a "
                    "database",
                    "<tileset> 'b' (line 6): its dimension 'p' is of type 'postgresql'"));
}

TEST(MapcacheConfigNotes, tell_of_attributes_that_are_not_used) {
    const auto config =
        load(R"(<grid name="h" units="m"><metadata/><srs>x</srs><extent>0 0 1 1</extent>
<size>256 256</size><resolutions>1</resolutions></grid>
<cache name="c" type="disk" layout="tilecache" symlink="1"><base>/d</base></cache>
<tileset name="a"><metadata><keywords>k</keywords><tilte>x</tilte></metadata><cache>c</cache>
<grid max-cached-zoom="5" out-of-zoom-strategy="proxy" use_wms_intermediate_resolutions="true" ruleset="r" max_zoom="1">g</grid>
<dimensions><dimension name="d" type="values" default="1" unit="m"><value>1</value></dimension></dimensions>
</tileset>)");
    EXPECT_THAT(
        config->unused(),
        ElementsAre("<metadata> (line 2): grids are not described",
                    "unknown attribute 'units' of <grid> (line 2)",
                    "unknown attribute 'symlink' of <cache> (line 4)",
                    "<keywords> (line 5): layers have a title, an abstract and bounds",
                    "unknown element <tilte> (line 5)",
                    "attribute 'max-cached-zoom' of <grid> (line 6): tiles of deeper zooms are not "
                    "put together from those",
                    "attribute 'out-of-zoom-strategy' of <grid> (line 6): tiles are not rendered",
                    "attribute 'use_wms_intermediate_resolutions' of <grid> (line 6): tiles are "
                    "not rendered",
                    "attribute 'ruleset' of <grid> (line 6): tiles are not hidden",
                    "unknown attribute 'max_zoom' of <grid> (line 6)",
                    "attribute 'unit' of <dimension> 'd' (line 7): dimensions are not described"));
}

TEST(MapcacheConfigNotes, tell_of_queries_that_mapcache_ignores) {
    const auto config = load(R"(<cache name="m" type="mbtiles"><dbfile>m</dbfile>
<queries><get>g</get><set>s</set><delete>d</delete></queries></cache>
<cache name="w" type="rest"><url>http://h/t?z={z}&amp;x={x}&amp;y={y}</url></cache>)");
    EXPECT_THAT(config->unused(),
                ElementsAre("<set> (line 3): MapCache has its own for mbtiles",
                            "<delete> (line 3): MapCache has its own for mbtiles",
                            "<url> (line 4): MapCache encodes the ?: no query reaches the server"));
}

TEST(MapcacheConfigNotes, tell_of_grids_that_cannot_be_used_and_leave_the_rest) {
    const std::string good = "<srs>x</srs><extent>0 0 1 1</extent>";
    const auto config = load("<grid name='wide'>" + good +
                             "<size>512 256</size><resolutions>1</resolutions></grid>\n"
                             "<grid name='deep'>" +
                             good +
                             "<size>256 256</size><resolutions>1e-13</resolutions></grid>\n"
                             "<cache name='d' type='disk'><base>/t</base></cache>"
                             "<cache name='c' type='composite'><cache grids='wide'>d</cache>"
                             "<cache>d</cache></cache>\n"
                             "<tileset name='a'><cache>c</cache><grid>wide</grid></tileset>\n"
                             "<tileset name='b'><cache>c</cache><grid>g</grid>\n"
                             "<grid>deep</grid></tileset>");
    EXPECT_EQ(config->find_tileset("a"), nullptr);
    ASSERT_NE(config->find_tileset("b"), nullptr);
    EXPECT_EQ(config->find_tileset("b")->grids.size(), 1U);
    const std::string wide = "tiles of 512 by 256 pixels: only square tiles are supported";
    const std::string deep = "the deepest level is 39062500000 tiles wide: there may be 4294967296";
    EXPECT_THAT(config->unused(),
                ElementsAre("<grid> 'wide' (line 2): " + wide, "<grid> 'deep' (line 3): " + deep,
                            "<grid> (line 5): its grid 'wide' cannot be used: " + wide,
                            "<tileset> 'a' (line 5): its grid 'wide' cannot be used: " + wide,
                            "<grid> (line 7): its grid 'deep' cannot be used: " + deep));
    EXPECT_EQ(failure_of("<grid name='w'>" + good +
                         "<size>2 1</size><resolutions>1</resolutions></grid>\n<grid name='w'/>"),
              "m.xml:3: <grid> 'w': there is a grid of that name already");
}

}  // namespace
}  // namespace offgrid
