#include "tests/formats/config/config_file.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::expect_messages;
using test::load;
using testing::ElementsAre;
using testing::IsEmpty;

/// Two tilesets, `a` in the grids of the first text and `b` in grid g, on a cache `c`.
std::string two_tilesets(const std::string& cache, const std::string& grids_of_a) {
    return cache + "\n<tileset name='a'><cache>c</cache>" + grids_of_a +
           "</tileset>\n<tileset name='b'><cache>c</cache><grid>g</grid></tileset>";
}

std::string mbtiles(const std::string& file) {
    return "<cache name='c' type='mbtiles'><dbfile>" + file + "</dbfile></cache>";
}

TEST(CacheSharing, name_the_tilesets_whose_tiles_would_overwrite_each_other) {
    expect_messages({
        {two_tilesets(mbtiles("t.mbtiles"), "<grid>g</grid>"),
         "m.xml:4: <tileset> 'b': cache 'c' does not tell tilesets 'a' and 'b' apart: <dbfile> has "
         "no {tileset}"},
        {two_tilesets(mbtiles("{tileset}.mbtiles"), "<grid>WGS84</grid><grid>g</grid>"),
         "m.xml:3: <tileset> 'a': cache 'c' does not tell grids 'WGS84' and 'g' of tileset 'a' "
         "apart: <dbfile> has no {grid}"},
        {two_tilesets(mbtiles("{tileset}{grid}.mbtiles"), "<grid>WGS84</grid><grid>g</grid>"),
         "(no error)"},
        {two_tilesets(mbtiles("{grid}.mbtiles"), "<grid>WGS84</grid>"), "(no error)"},
        {two_tilesets("<cache name='c' type='sqlite3'><dbfile>t</dbfile></cache>",
                      "<grid>WGS84</grid><grid>g</grid>"),
         "(no error)"},
        {two_tilesets("<cache name='c' type='disk' layout='worldwind'><base>/t</base></cache>",
                      "<grid>g</grid>"),
         "m.xml:4: <tileset> 'b': cache 'c' does not tell tilesets 'a' and 'b' apart: <layout> has "
         "no {tileset}"},
        {two_tilesets("<cache name='c' type='bdb'><base>/b</base><key_template>{z}-{x}-{y}"
                      "</key_template></cache>",
                      "<grid>g</grid>"),
         "m.xml:4: <tileset> 'b': cache 'c' does not tell tilesets 'a' and 'b' apart: "
         "<key_template> has no {tileset}"},
    });
}

TEST(CacheSharing, look_for_shared_tiles_below_composite_caches) {
    const std::string caches =
        mbtiles("t") +
        "<cache name='d' type='mbtiles'><dbfile>d</dbfile></cache><cache name='e' type="
        "'composite'><cache grids='WGS84'>d</cache><cache grids='g'>c</cache></cache>\n";
    expect_messages({
        {caches + "<tileset name='a'><cache>e</cache><grid>WGS84</grid><grid>g</grid></tileset>",
         "(no error)"},
        {caches + "<tileset name='a'><cache>e</cache><grid>g</grid></tileset>\n"
                  "<tileset name='b'><cache>c</cache><grid>g</grid></tileset>",
         "m.xml:4: <tileset> 'b': cache 'c' does not tell tilesets 'a' and 'b' apart: <dbfile> has "
         "no {tileset}"},
    });
}

TEST(CacheSharing, name_the_cache_that_does_not_tell_dimensions_apart) {
    const std::string time =
        "<dimensions><dimension name='time' type='values' default='1'><value>1</value><value>2"
        "</value></dimension></dimensions>";
    const auto in = [&](const std::string& file) {
        return mbtiles(file) + "<tileset name='t'><cache>c</cache><grid>g</grid>" + time +
               "</tileset>";
    };
    expect_messages({
        {in("t.mbtiles"),
         "m.xml:2: <tileset> 't': cache 'c' does not tell values of dimension 'time' of tileset "
         "'t' apart: <dbfile> has neither {dim} nor {dim:time}"},
        {in("{dim}.mbtiles"), "(no error)"},
        {in("{dim:time}.mbtiles"), "(no error)"},
        {in("{dim:level}.mbtiles"),
         "m.xml:2: <tileset> 't': cache 'c': <dbfile> names {dim:level}, which the tileset has "
         "not"},
        {mbtiles("t") +
             "<cache name='d' type='composite'><cache dimensions='time=1'>c</cache></cache>"
             "<tileset name='t'><cache>d</cache><grid>g</grid>" +
             time + "</tileset>",
         "(no error)"},
    });
}

TEST(CacheSharing, name_the_grid_that_a_top_or_a_block_does_not_fit) {
    const auto in = [](const std::string& cache) {
        return cache + "<tileset name='t'><cache>c</cache><grid>g</grid></tileset>";
    };
    const auto tiff = [](const std::string& file) {
        return "<cache name='c' type='tiff'><template>" + file + "</template></cache>";
    };
    expect_messages({
        {in("<cache name='c' type='sqlite3'><dbfile>{top_x}</dbfile><top>22</top></cache>"),
         "m.xml:2: <tileset> 't': cache 'c' has a <top> of 22, and grid 'g' ends at zoom 21"},
        {in("<cache name='c' type='sqlite3'><dbfile>{top_x}</dbfile><top>21</top></cache>"),
         "(no error)"},
        {in(tiff("{x}-{y}.tif")),
         "m.xml:2: <tileset> 't': cache 'c': <template> needs one of {z}, {inv_z}: tiles of grid "
         "'g' would share a place"},
        {in(tiff("{z}/{div_x}.tif")),
         "m.xml:2: <tileset> 't': cache 'c': <template> needs one of {y}, {div_y}, {inv_y}, "
         "{inv_div_y}: tiles of grid 'g' would share a place"},
        {in(tiff("{z}/{div_x}/{inv_y}.tif")), "(no error)"},
    });
}

TEST(CacheSharing, lets_a_read_only_tileset_have_the_tiles_of_another) {
    const std::string read_only = "<read-only>true</read-only>";
    const auto tilesets = [](const std::string& of_a, const std::string& of_b) {
        return mbtiles("t") + "\n<tileset name='a'><cache>c</cache><grid>g</grid>" + of_a +
               "</tileset>\n<tileset name='b'><cache>c</cache><grid>g</grid>" + of_b + "</tileset>";
    };
    expect_messages({
        {tilesets(read_only, ""), "(no error)"},
        {tilesets("", read_only), "(no error)"},
        {tilesets("", "<read-only>True</read-only>"),
         "m.xml:4: <tileset> 'b': cache 'c' does not tell tilesets 'a' and 'b' apart: <dbfile> has "
         "no {tileset}"},
    });
}

TEST(CacheSharing, takes_grids_that_differ_in_their_names_only_for_one) {
    const std::string half =
        "<grid name='half'><srs>EPSG:3857</srs><units>m</units><size>256 256</size>"
        "<extent>-20037508.3427892480 -20037508.3427892480 20037508.3427892480 "
        "20037508.3427892480</extent><resolutions>156543.0339280410</resolutions></grid>";
    const auto in = [&](const std::string& grids) {
        return half + mbtiles("t") + "<tileset name='a'><cache>c</cache>" + grids + "</tileset>";
    };
    expect_messages({
        {in("<grid>GoogleMapsCompatible</grid><grid>g</grid>"), "(no error)"},
        {in("<grid>g</grid><grid>half</grid>"),
         "m.xml:2: <tileset> 'a': cache 'c' does not tell grids 'g' and 'half' of tileset 'a' "
         "apart: <dbfile> has no {grid}"},
    });
}

/// A composite of a TIFF file for each of the zooms 0 and 1, and a third cache for all others.
std::string one_file_per_zoom(const std::string& first_zoom) {
    return "<cache name='z0' type='tiff'><template>z0.tif</template><xcount>1</xcount>"
           "<ycount>1</ycount></cache>"
           "<cache name='z1' type='tiff'><template>z1.tif</template><xcount>2</xcount>"
           "<ycount>2</ycount></cache>"
           "<cache name='d' type='disk'><base>/t</base></cache>"
           "<cache name='c' type='composite'><cache max-zoom='" +
           first_zoom +
           "'>z0</cache><cache max-zoom='1'>z1</cache><cache>d</cache></cache>"
           "<tileset name='a'><cache>c</cache><grid>g</grid></tileset>";
}

TEST(CacheSharing, counts_only_the_zooms_that_reach_a_cache) {
    expect_messages({
        {one_file_per_zoom("0"), "(no error)"},
        {one_file_per_zoom("1"),
         "m.xml:2: <tileset> 'a': cache 'z0': <template> needs one of {z}, {inv_z}: tiles of grid "
         "'g' would share a place"},
        {"<grid name='few'><srs>x</srs><extent>0 0 1 1</extent><size>256 256</size>"
         "<resolutions>2 1</resolutions></grid>"
         "<cache name='t' type='sqlite3'><dbfile>{top_x}</dbfile><top>8</top></cache>"
         "<cache name='d' type='disk'><base>/t</base></cache><cache name='c' type='composite'>"
         "<cache max-zoom='7'>d</cache><cache min-zoom='8'>t</cache></cache>"
         "<tileset name='a'><cache>c</cache><grid>few</grid></tileset>",
         "(no error)"},
    });
}

TEST(CacheSharing, tells_that_urls_do_not_tell_tiles_apart) {
    const auto web = [](const std::string& path) {
        return "<cache name='c' type='rest'><url>http://h/" + path + "</url></cache>";
    };
    const std::string time =
        "<dimensions><dimension name='D' type='values' default='1'><value>1</value></dimension>"
        "</dimensions>";
    expect_messages({
        {two_tilesets(web("{z}/{x}/{y}.png"), "<grid>g</grid>"),
         "m.xml:4: <tileset> 'b': cache 'c' does not tell tilesets 'a' and 'b' apart: <url> has no "
         "{tileset}"},
        {two_tilesets(web("{tileset}/{z}/{x}/{y}.png"), "<grid>WGS84</grid><grid>g</grid>"),
         "m.xml:3: <tileset> 'a': cache 'c' does not tell grids 'WGS84' and 'g' of tileset 'a' "
         "apart: <url> has no {grid}"},
        {web("{z}/{x}/{y}") + "<tileset name='a'><cache>c</cache><grid>g</grid>" + time +
             "</tileset>",
         "m.xml:2: <tileset> 'a': cache 'c' does not tell values of dimension 'D' of tileset 'a' "
         "apart: <url> has neither {dim} nor {dim:D}"},
        {two_tilesets(web("{tileset}/{grid}/{z}/{x}/{y}"), "<grid>WGS84</grid><grid>g</grid>"),
         "(no error)"},
    });
}

TEST(CacheSharing, notes_a_tileset_that_no_entry_of_its_composite_matches) {
    const std::string caches =
        "<cache name='d' type='disk'><base>/t</base></cache><cache name='c' type='composite'>"
        "<cache grids='WGS84'>d</cache><cache min-zoom='8' grids='g'>d</cache>"
        "<cache dimensions='time=1'>d</cache></cache>\n";
    const auto tileset = [](const std::string& grids) {
        return "<tileset name='a'><cache>c</cache>" + grids + "</tileset>";
    };
    EXPECT_THAT(load(caches + tileset("<grid>g</grid><grid>WGS84</grid>"))->unused(), IsEmpty());
    EXPECT_THAT(load(caches + tileset("<grid maxzoom='7'>g</grid>"))->unused(),
                ElementsAre("<tileset> 'a' (line 3): no entry of cache 'c' has its tiles in grid "
                            "'g'"));
    EXPECT_THAT(load(caches + tileset("<grid>GoogleMapsCompatible</grid>"))->unused(),
                ElementsAre("<tileset> 'a' (line 3): no entry of cache 'c' has its tiles in grid "
                            "'GoogleMapsCompatible'"));
}

}  // namespace
}  // namespace offgrid
