#include "tests/formats/config/config_file.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using config::MapcacheConfig;
using test::expect_messages;
using test::failure_of;
using test::throws;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

TEST(MapcacheConfigErrors, say_that_a_file_is_missing_or_no_xml) {
    const test::TempFolder folder;
    const auto path = folder / "m.xml";
    EXPECT_THAT([&] { MapcacheConfig::load(path); }, throws(Errc::not_found, HasSubstr("m.xml")));
    test::write_file(path, "<mapcache>\n<cache>\n</mapcache>");
    EXPECT_THAT([&] { MapcacheConfig::load(path); },
                throws(Errc::corrupt, HasSubstr("m.xml:3: not XML: ")));
    test::write_file(path, "");
    EXPECT_THAT([&] { MapcacheConfig::load(path); }, throws(Errc::corrupt, HasSubstr("m.xml:1: ")));
    test::write_file(path, "<html/>");
    EXPECT_THAT([&] { MapcacheConfig::load(path); },
                throws(Errc::invalid_argument,
                       EndsWith("m.xml:1: <html>: a configuration of MapCache starts with "
                                "<mapcache>")));
    test::write_file(path, std::string((16 << 20) + 1, ' '));
    EXPECT_THAT([&] { MapcacheConfig::load(path); }, throws(Errc::too_large, HasSubstr("m.xml")));
}

TEST(MapcacheConfigErrors, name_the_grid_and_the_line) {
    const std::string good = "<srs>x</srs><extent>0 0 1 1</extent><size>256 256</size>";
    expect_messages({
        {"<grid/>", "m.xml:2: <grid>: attribute 'name' is missing"},
        {"\n<grid name='WGS84'/>", "m.xml:3: <grid> 'WGS84': there is a grid of that name already"},
        {"<grid name='a'/>", "m.xml:2: <grid> 'a': <srs> is missing"},
        {"<grid name='a'>\n<srs/></grid>", "m.xml:3: <grid> 'a': <srs>: has no text"},
        {"<grid name='a'>" + good + "</grid>", "m.xml:2: <grid> 'a': <resolutions> is missing"},
        {"<grid name='a'><srs>x</srs>\n<extent>0 0 1</extent></grid>",
         "m.xml:3: <grid> 'a': <extent>: extent '0 0 1' is not four numbers"},
        {"<grid name='a'><srs>x</srs><extent>0 0 1 nan</extent></grid>",
         "m.xml:2: <grid> 'a': <extent>: 'nan' in extent '0 0 1 nan' is no number"},
        {"<grid name='a'><srs>x</srs><extent>0 0 0 1</extent></grid>",
         "m.xml:2: <grid> 'a': <extent>: extent '0 0 0 1' is empty: it is minx miny maxx maxy"},
        {"<grid name='a'><srs>x</srs><extent>0 0 1 1</extent><size>256</size></grid>",
         "m.xml:2: <grid> 'a': <size>: '256' is no width and height"},
        {"<grid name='a'><srs>x</srs><extent>0 0 1 1</extent><size>0 0</size></grid>",
         "m.xml:2: <grid> 'a': <size>: '0' is no size from 1 to 16384 pixels"},
        {"<grid name='a'><srs>x</srs><units>km</units></grid>",
         "m.xml:2: <grid> 'a': <units>: 'km' is none of m, dd, ft"},
        {"<grid name='a'>" + good + "<resolutions>1 0</resolutions></grid>",
         "m.xml:2: <grid> 'a': <resolutions>: '0' is no number above 0"},
        {"<grid name='a'>" + good + "<resolutions>1</resolutions><origin>top-right</origin></grid>",
         "m.xml:2: <grid> 'a': <origin>: 'top-right' is not implemented, neither here nor in "
         "MapCache"},
        {"<grid name='a'>" + good + "<resolutions>1</resolutions><origin>north</origin></grid>",
         "m.xml:2: <grid> 'a': <origin>: 'north' is none of bottom-left, top-left"},
    });
}

TEST(MapcacheConfigErrors, name_the_format_and_the_line) {
    expect_messages({
        {"<format name='f'/>", "m.xml:2: <format> 'f': attribute 'type' is missing"},
        {"<format name='f' type='png'/>",
         "m.xml:2: <format> 'f': type 'png' is none of PNG, JPEG, MIXED, RAW"},
        {"<format name='f' type='PNG'><colors>1</colors></format>",
         "m.xml:2: <format> 'f': <colors>: '1' is no number from 2 to 256"},
        {"<format name='f' type='JPEG'><quality>x</quality></format>",
         "m.xml:2: <format> 'f': <quality>: 'x' is no number from 1 to 100"},
        {"<format name='f' type='JPEG'><photometric>CMYK</photometric></format>",
         "m.xml:2: <format> 'f': <photometric>: 'CMYK' is none of RGB, YCBCR"},
        {"<format name='f' type='MIXED'><transparent>PNG</transparent><opaque>G</opaque></format>",
         "m.xml:2: <format> 'f': <opaque>: no format 'G'; there are: JPEG, PNG, PNG8, mixed"},
    });
}

TEST(MapcacheConfigErrors, name_the_cache_and_the_line) {
    expect_messages({
        {"<cache type='disk'/>", "m.xml:2: <cache>: attribute 'name' is missing"},
        {"<cache name='c'/>", "m.xml:2: <cache> 'c': attribute 'type' is missing"},
        {"<cache name='c' type='sqlite'/>",
         "m.xml:2: <cache> 'c': type 'sqlite' is none of disk, sqlite3, mbtiles, tiff, bdb, "
         "memcache, redis, lmdb, rest, s3, azure, google, riak, composite, fallback, multitier"},
        {"<cache name='c' type='couchbase'/>",
         "m.xml:2: <cache> 'c': type 'couchbase' is not supported: MapCache itself can no longer "
         "be built with it"},
        {"<cache name='c' type='disk'><base>/t</base></cache>\n<cache name='c' type='disk'/>",
         "m.xml:3: <cache> 'c': there is a cache of that name already, in line 2"},
        {"<cache name='c' type='disk'/>", "m.xml:2: <cache> 'c': <base> is missing"},
        {"<cache name='c' type='disk' layout='tree'><base>/t</base></cache>",
         "m.xml:2: <cache> 'c': layout 'tree' is none of tilecache, arcgis, worldwind, template"},
        {"<cache name='c' type='disk' layout='template'><base>/t</base></cache>",
         "m.xml:2: <cache> 'c': <template> is missing"},
        {"<cache name='c' type='disk' layout='template'>\n<template>/t/{z}/{x}.png</template>"
         "</cache>",
         "m.xml:3: <cache> 'c': <template>: '/t/{z}/{x}.png' has neither {y} nor {inv_y}: tiles "
         "would share a name"},
        {"<cache name='c' type='disk'><base>/t</base><retries>11</retries></cache>",
         "m.xml:2: <cache> 'c': <retries>: '11' is no number from 0 to 10"},
        {"<cache name='c' type='disk'><base>/t</base><retry_delay>-1</retry_delay></cache>",
         "m.xml:2: <cache> 'c': <retry_delay>: '-1' is no number from 0 to 86400"},
        {"<cache name='c' type='sqlite3'/>", "m.xml:2: <cache> 'c': <dbfile> is missing"},
        {"<cache name='c' type='sqlite3'><base>/t</base></cache>",
         "m.xml:2: <cache> 'c': <base>: is of an older MapCache: name the file with <dbfile>"},
        {"<cache name='c' type='sqlite3'><dbname_template>t</dbname_template></cache>",
         "m.xml:2: <cache> 'c': <dbname_template>: is of an older MapCache: name the file with "
         "<dbfile>"},
        {"<cache name='c' type='sqlite3'><dbfile>t</dbfile><hitstats>true</hitstats></cache>",
         "m.xml:2: <cache> 'c': <hitstats>: is of an older MapCache: use <queries>"},
        {"<cache name='c' type='sqlite3'><dbfile>t</dbfile>\n<top>0</top></cache>",
         "m.xml:3: <cache> 'c': <top>: '0': top keys need a top of at least 1"},
        {"<cache name='c' type='sqlite3'><dbfile>t</dbfile><top>x</top></cache>",
         "m.xml:2: <cache> 'c': <top>: 'x' is no number from 1 to 63"},
        {"<cache name='c' type='sqlite3'><dbfile x_fmt='%s'>{x}</dbfile><xcount>2</xcount></cache>",
         "m.xml:2: <cache> 'c': <dbfile>: path template '{x}': '%s' is not one "
         "integer format such as %d, %02d or %08x"},
        {"<cache name='c' type='sqlite3'><dbfile>t</dbfile><pragma name='a;b'>1</pragma></cache>",
         "m.xml:2: <pragma> 'a;b': a pragma's name is letters, digits and _"},
        {"<cache name='c' type='tiff'><template>t</template><xcount>0</xcount></cache>",
         "m.xml:2: <cache> 'c': <xcount>: '0' is no number from 1 to 4294967296"},
        {"<cache name='c' type='tiff'><template>t</template><ycount>4294967297</ycount></cache>",
         "m.xml:2: <cache> 'c': <ycount>: '4294967297' is no number from 1 to 4294967296"},
        {"<cache name='c' type='disk' layout='template'><template>/t/{quadkey}</template></cache>",
         "m.xml:2: <cache> 'c': <template>: '/t/{quadkey}' has neither {z} nor {inv_z}: tiles "
         "would "
         "share a name"},
        {"<cache name='c' type='tiff'><template>t</template><format>PNG</format></cache>",
         "m.xml:2: <cache> 'c': <format>: 'PNG' is no JPEG format, and TIFF files hold JPEG"},
        {"<cache name='c' type='bdb'><base>/b</base><key_template>{z}</key_template></cache>",
         "m.xml:2: <cache> 'c': <key_template>: '{z}' has neither {x} nor {inv_x}: tiles would "
         "share a name"},
        {"<cache name='c' type='lmdb'><base>/b</base><max_size>0</max_size></cache>",
         "m.xml:2: <cache> 'c': <max_size>: '0' is no number from 1 to 16777216"},
        {"<cache name='c' type='memcache'/>", "m.xml:2: <cache> 'c': <server> is missing"},
        {"<cache name='c' type='memcache'>\n<server><host>h</host></server></cache>",
         "m.xml:3: <cache> 'c': <server>: <port> is missing"},
        {"<cache name='c' type='redis'><host>h</host><port>65536</port></cache>",
         "m.xml:2: <cache> 'c': <port>: '65536' is no number from 1 to 65535"},
        {"<cache name='c' type='rest'><url>ftp://h/{z}/{x}/{y}</url></cache>",
         "m.xml:2: <cache> 'c': <url>: 'ftp://h/{z}/{x}/{y}' starts neither with http:// nor with "
         "https://"},
        {"<cache name='c' type='rest'><url>http://h/{x}/{y}</url></cache>",
         "m.xml:2: <cache> 'c': <url>: 'http://h/{x}/{y}' has neither {z} nor {inv_z}: tiles would "
         "share a name"},
        {"<cache name='c' type='rest'><url>http://h/{z}/{x}/{y}</url><operation type='post'/>"
         "</cache>",
         "m.xml:2: <cache> 'c': <operation>: type 'post' is none of put, get, head, delete"},
        {"<cache name='c' type='s3'><url>http://h/{z}/{x}/{y}</url></cache>",
         "m.xml:2: <cache> 'c': <region> is missing"},
        {"<cache name='c' type='azure'><url>http://h/{z}/{x}/{y}</url><id>i</id></cache>",
         "m.xml:2: <cache> 'c': <secret> is missing"},
        {"<cache name='c' type='google'><url>http://h/{z}/{x}/{y}</url></cache>",
         "m.xml:2: <cache> 'c': <access> is missing"},
        {"<cache name='c' type='riak'><server><host>h</host><port>1</port></server></cache>",
         "m.xml:2: <cache> 'c': <server>: <bucket> is missing"},
        {"<cache name='c' type='riak'><server><host>h</host><port>1</port><bucket>b</bucket>"
         "</server>\n<server><host>i</host><port>1</port><bucket>c</bucket></server></cache>",
         "m.xml:3: <cache> 'c': <server>: all servers of a cache need one <bucket> and one <key>"},
    });
}

TEST(MapcacheConfigErrors, name_both_caches_of_a_wrong_reference) {
    expect_messages({
        {"<cache name='c' type='composite'/>",
         "m.xml:2: <cache> 'c': has no <cache> to be made of"},
        {"<cache name='c' type='fallback'>\n<cache>d</cache></cache>\n"
         "<cache name='d' type='disk'><base>/t</base></cache>",
         "m.xml:3: <cache> 'c': <cache>: cache 'd' is declared in line 4: a cache is made of those "
         "declared before it"},
        {"<cache name='a' type='disk'><base>/t</base></cache>"
         "<cache name='c' type='multitier'><cache>d</cache></cache>",
         "m.xml:2: <cache> 'c': <cache>: no cache 'd'; those declared before are: a"},
        {"<cache name='c' type='multitier'><cache>c</cache></cache>",
         "m.xml:2: <cache> 'c': <cache>: cache 'c' is declared in line 2: a cache is made of those "
         "declared before it"},
        {"<cache name='a' type='disk'><base>/t</base></cache>"
         "<cache name='c' type='composite'><cache min-zoom='3' max-zoom='2'>a</cache></cache>",
         "m.xml:2: <cache> 'c': <cache>: min-zoom 3 is above max-zoom 2"},
        {"<cache name='a' type='disk'><base>/t</base></cache>"
         "<cache name='c' type='composite'><cache min-zoom='low'>a</cache></cache>",
         "m.xml:2: <cache> 'c': <cache>: min-zoom 'low' is no zoom"},
        {"<cache name='a' type='disk'><base>/t</base></cache>"
         "<cache name='c' type='composite'><cache dimensions='time'>a</cache></cache>",
         "m.xml:2: <cache> 'c': <cache>: dimensions 'time' is no list of name=value"},
        {"<cache name='a' type='disk'><base>/t</base></cache>"
         "<cache name='c' type='composite'><cache grids='g, WGS84'>a</cache></cache>",
         "m.xml:2: <cache> 'c': <cache>: no grid ' WGS84'; there are: WGS84, GoogleMapsCompatible, "
         "g"},
    });
}

TEST(MapcacheConfigErrors, stop_caches_that_are_made_of_each_other_without_end) {
    std::string text = "<cache name='c0' type='disk'><base>/t</base></cache>";
    for (int i = 1; i <= 60; ++i) {
        text += fmt::format(
            "<cache name='c{0}' type='fallback'><cache>c{1}</cache><cache>c{1}"
            "</cache></cache>",
            i, i - 1);
    }
    EXPECT_EQ(failure_of(text), "m.xml:2: <cache> 'c9': is made of 512 caches: there may be 256");
}

std::string tileset(const std::string& children) {
    return "<cache name='c' type='disk'><base>/t</base></cache>\n<tileset name='t'>" + children +
           "</tileset>";
}

TEST(MapcacheConfigErrors, name_the_tileset_and_the_line) {
    const std::string good = "<cache>c</cache><grid>g</grid>";
    expect_messages({
        {tileset(""), "m.xml:3: <tileset> 't': <grid> is missing"},
        {tileset("<grid>g</grid>"), "m.xml:3: <tileset> 't': <cache> is missing"},
        {tileset("<grid>g</grid><cache>d</cache>"),
         "m.xml:3: <tileset> 't': <cache>: no cache 'd'; there are: c"},
        {tileset("<cache>c</cache>\n<grid>h</grid>"),
         "m.xml:4: <tileset> 't': <grid>: no grid 'h'; there are: WGS84, GoogleMapsCompatible, g"},
        {tileset(good + "<grid>g</grid>"),
         "m.xml:3: <tileset> 't': <grid>: grid 'g' is there already"},
        {tileset(good + "<format>GIF</format>"),
         "m.xml:3: <tileset> 't': <format>: no format 'GIF'; there are: JPEG, PNG, PNG8, mixed"},
        {tileset(good + "<source>osm</source>"),
         "m.xml:3: <tileset> 't': <source>: no source 'osm'; there are: none"},
        {tileset("<grid minzoom='22'>g</grid>"),
         "m.xml:3: <tileset> 't': <grid>: minzoom 22 is above the last zoom, 21"},
        {tileset("<grid maxzoom='-1'>g</grid>"),
         "m.xml:3: <tileset> 't': <grid>: maxzoom '-1' is no zoom"},
        {tileset("<grid restricted_extent='1 2 3'>g</grid>"),
         "m.xml:3: <tileset> 't': <grid>: extent '1 2 3' is not four numbers"},
        {tileset("<grid tolerance='-1'>g</grid>"),
         "m.xml:3: <tileset> 't': <grid>: tolerance '-1' is no number of tiles"},
        {tileset(good + "<metadata><wgs84boundingbox>1 2 3</wgs84boundingbox></metadata>"),
         "m.xml:3: <tileset> 't': <wgs84boundingbox>: extent '1 2 3' is not four numbers"},
        {tileset(good + "<expires>soon</expires>"),
         "m.xml:3: <tileset> 't': <expires>: 'soon' is no number from 0 to 3153600000"},
        {tileset(good) + "<tileset name='t'/>",
         "m.xml:3: <tileset> 't': there is a tileset of that name already"},
        {"<locker type='zookeeper'/>",
         "m.xml:2: <locker>: type 'zookeeper' is none of disk, memcache, fallback"},
        {"<source name='s' type='wms'/>\n<source name='s' type='wms'/>",
         "m.xml:3: <source> 's': there is a source of that name already, in line 2"},
    });
}

TEST(MapcacheConfigErrors, name_the_dimension_and_the_line) {
    const auto dimensions = [](const std::string& text) {
        return tileset("<cache>c</cache><grid>g</grid><dimensions>" + text + "</dimensions>");
    };
    expect_messages({
        {dimensions(""), "m.xml:3: <tileset> 't': <dimensions>: has no <dimension>"},
        {dimensions("<dimension type='values' default='1'/>"),
         "m.xml:3: <tileset> 't': <dimension>: attribute 'name' is missing"},
        {dimensions("<dimension name='d' type='values'/>"),
         "m.xml:3: <dimension> 'd': attribute 'default' is missing"},
        {dimensions("<dimension name='d' type='values' default='1'/>"),
         "m.xml:3: <dimension> 'd': <value> is missing"},
        {dimensions("<dimension name='d' type='regex' default='1'><regex>(</regex></dimension>"),
         "m.xml:3: <dimension> 'd': <regex>: '(' is no regular expression: missing closing "
         "parenthesis at character 1"},
        {dimensions("<dimension name='d' type='time' default='1'/>"),
         "m.xml:3: <dimension> 'd': <dbfile> is missing"},
        {dimensions("<dimension name='d' type='intervals' default='1'/>"),
         "m.xml:3: <dimension> 'd': type 'intervals' is gone since MapCache 1.6: use values or "
         "regex"},
        {dimensions("<dimension name='d' type='list' default='1'/>"),
         "m.xml:3: <dimension> 'd': type 'list' is none of values, regex, sqlite, time, "
         "postgresql, elasticsearch"},
        {dimensions("<dimension name='d' type='regex' default='1'><regex>1</regex></dimension>"
                    "<dimension name='d'/>"),
         "m.xml:3: <dimension> 'd': there is a dimension of that name already"},
    });
}

}  // namespace
}  // namespace offgrid
