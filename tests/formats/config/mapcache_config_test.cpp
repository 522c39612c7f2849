#include "formats/config/mapcache_config.h"

#include "tests/formats/config/config_file.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <limits>

namespace offgrid {
namespace {

using config::Format;
using test::load;
using test::options_of;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// A tileset `t` on a cache `c` in a folder, with these children.
std::string tileset(const std::string& children) {
    return "<cache name='c' type='disk'><base>/t</base></cache><tileset name='t'><cache>c</cache>" +
           children + "</tileset>";
}

TEST(MapcacheConfig, has_the_grids_of_mapcache_with_as_many_levels) {
    const auto config =
        load(tileset("<grid>WGS84</grid><grid>GoogleMapsCompatible</grid>"
                     "<grid>g</grid>"));
    const auto& grids = config->tilesets().front()->grids;
    EXPECT_EQ(grids[0].grid->levels(), 18);
    EXPECT_EQ(grids[0].grid->matrix_width(0), 2);
    EXPECT_EQ(grids[1].grid->levels(), 22);
    EXPECT_EQ(grids[1].grid->srs(), "EPSG:3857");
    EXPECT_DOUBLE_EQ(grids[1].grid->resolution(0), 156543.0339280410);
    EXPECT_EQ(grids[2].grid->levels(), 22);
    EXPECT_EQ(grids[2].grid->srs(), "EPSG:900913");
    EXPECT_THAT(grids[2].grid->srs_aliases(), ElementsAre("EPSG:3857"));
    for (const auto& link : grids) {
        EXPECT_EQ(link.grid->origin(), Grid::Origin::bottom_left);
    }
}

TEST(MapcacheConfig, reads_a_grid_of_its_own) {
    const auto config = load(R"(<grid name="lambert">
        <metadata><title>L</title></metadata>
        <extent>-100000.125 -200000 300000, 400000</extent>
        <srs>EPSG:2154</srs><srsalias>EPSG:102110</srsalias><srsalias>IGNF:LAMB93</srsalias>
        <units>ft</units> <size>512 512</size>
        <resolutions>1000.5, 500	250
            100</resolutions>
        <origin>top-left</origin></grid>)" +
                             tileset("<grid>lambert</grid>"));
    const auto& grid = *config->tilesets().front()->grids.front().grid;
    EXPECT_EQ(grid.name(), "lambert");
    EXPECT_EQ(grid.srs(), "EPSG:2154");
    EXPECT_THAT(grid.srs_aliases(), ElementsAre("EPSG:102110", "IGNF:LAMB93"));
    EXPECT_EQ(grid.unit(), Grid::Unit::foot);
    EXPECT_EQ(grid.extent(), (Box{-100000.125, -200000, 300000, 400000}));
    EXPECT_EQ(grid.tile_size(), 512);
    EXPECT_EQ(grid.levels(), 4);
    EXPECT_EQ(grid.resolution(0), 1000.5);
    EXPECT_EQ(grid.origin(), Grid::Origin::top_left);
}

const std::string all_caches = R"(
<format name="photo" type="JPEG"><quality>80</quality><photometric>RGB</photometric></format>
<cache name="d" type="disk"><base>/d</base><symlink_blank/><creation_retry>3</creation_retry>
  <retries>2</retries><retry_delay>0.5</retry_delay></cache>
<cache name="dt" type="disk" layout="template"><template>/d/{z}/{x}/{inv_y}.png</template>
  <detect_blank>false</detect_blank></cache>
<cache name="da" type="disk" layout="arcgis"><base> /d
  </base><symlink_blank>false</symlink_blank></cache>
<cache name="q" type="sqlite3" allow_path_in_dim="yes">
  <dbfile x_fmt="%08d" inv_y_fmt="%x">/q/{x}-{inv_y}.db</dbfile><xcount>64</xcount>
  <ycount>32</ycount><top>8</top><detect_blank/>
  <pragma name="journal_mode">WAL</pragma><pragma name="user_version">7</pragma>
  <queries><create>c</create><exists>e</exists><get>g</get><set>s</set><delete>d</delete></queries>
</cache>
<cache name="m" type="mbtiles"><dbfile><![CDATA[/m/a&b.mbtiles]]></dbfile><xcount>-1</xcount>
  <queries><create>select 1</create><set>s</set></queries></cache>
<cache name="t" type="tiff"><template div_x_fmt="%03d">/t/{z}/{div_x}/{y}.tif</template>
  <xcount>4</xcount><format>photo</format></cache>
<cache name="b" type="bdb"><base>/b</base></cache>
<cache name="l" type="lmdb"><base>/l</base><key_template>{quadkey}{tileset}</key_template>
  <max_size>100</max_size><max_readers>8</max_readers></cache>
<cache name="mem" type="memcache"><server><host>one</host><port>11211</port></server>
  <server><host>two</host><port>11212</port></server><detect_blank>true</detect_blank></cache>
<cache name="red" type="redis"><host>h</host><port>6379</port></cache>
<cache name="web" type="rest"><url>https://h/{z}/{x}/{y}.{ext}</url>
  <headers><Host>h</Host><X-A>1 2</X-A></headers><header_file>/h.txt</header_file>
  <operation type="put"><headers><X-B>2</X-B></headers></operation>
  <operation type="delete"><header_file>/i.txt</header_file></operation>
  <timeout>5</timeout><connection_timeout>1.5</connection_timeout><use_redirects>true</use_redirects>
  <detect_blank/></cache>
<cache name="s3" type="s3"><url>https://h/{z}/{x}/{y}</url><id>i</id><secret>s</secret>
  <session_token>t</session_token><credentials_file>/c</credentials_file><region>r</region></cache>
<cache name="az" type="azure"><url>https://h/{z}/{x}/{y}</url><id>i</id><secret>s</secret>
  <container>c</container></cache>
<cache name="go" type="google"><url>https://h/{z}/{x}/{y}</url><access>a</access><secret>s</secret>
  </cache>
<cache name="go4" type="google"><url>https://h/{z}/{x}/{y}</url><access>a</access>
  <secret>s</secret><signature>v4</signature></cache>
<cache name="ri" type="riak"><server><host>h</host><port>8098</port><bucket>{tileset}</bucket>
  <key>{z}/{x}/{y}</key></server><server><host>i</host><port>8098</port><bucket>{tileset}</bucket>
  <key>{z}/{x}/{y}</key></server></cache>
<cache name="comp" type="composite"><cache min-zoom="0" max-zoom="7" grids="g,WGS84">d</cache>
  <cache dimensions="time=2001,level=1">q</cache></cache>
<cache name="fall" type="fallback"><cache>d</cache><cache>comp</cache></cache>
<cache name="multi" type="multitier"><cache>mem</cache><cache>fall</cache></cache>
<cache name="multi2" type="multitier"><cache>mem</cache><promote>false</promote></cache>
)";

TEST(MapcacheConfig, reads_every_option_of_caches_in_files) {
    const auto config = load(all_caches);
    const auto& disk = options_of<DiskOptions>(*config, "d");
    EXPECT_EQ(disk.layout, DiskLayout::tilecache);
    EXPECT_EQ(disk.base, "/d");
    EXPECT_TRUE(disk.symlinks_blank);
    EXPECT_FALSE(disk.leaves_out_blank);
    EXPECT_EQ(disk.creation_retry, 3);
    EXPECT_EQ(config->caches().front()->type, "disk");
    EXPECT_EQ(config->caches().front()->retries, 2);
    EXPECT_EQ(config->caches().front()->retry_delay, std::chrono::milliseconds{500});

    const auto& by_template = options_of<DiskOptions>(*config, "dt");
    EXPECT_EQ(by_template.layout, DiskLayout::by_template);
    EXPECT_EQ(by_template.path_template, "/d/{z}/{x}/{inv_y}.png");
    EXPECT_TRUE(by_template.leaves_out_blank) << "its text does not matter";

    const auto& arcgis = options_of<DiskOptions>(*config, "da");
    EXPECT_EQ(arcgis.layout, DiskLayout::arcgis);
    EXPECT_EQ(arcgis.base, "/d");
    EXPECT_FALSE(arcgis.symlinks_blank);

    const auto& tiff = options_of<TiffOptions>(*config, "t");
    EXPECT_EQ(tiff.name, "t");
    EXPECT_EQ(tiff.file, "/t/{z}/{div_x}/{y}.tif");
    EXPECT_EQ(tiff.path.xcount, 4);
    EXPECT_EQ(tiff.path.ycount, 10);
    EXPECT_TRUE(tiff.path.counts_inv_x_in_rows);
    EXPECT_THAT(tiff.path.formats, ElementsAre(Pair("div_x", "%03d")));
    EXPECT_EQ(tiff.quality, 80);
    EXPECT_EQ(tiff.photometric, Photometric::rgb);
}

TEST(MapcacheConfig, reads_every_option_of_caches_in_databases) {
    const auto config = load(all_caches);
    const auto& sqlite = options_of<sqlite::CacheOptions>(*config, "q");
    EXPECT_EQ(sqlite.schema, sqlite::CacheSchema::tiles);
    EXPECT_EQ(sqlite.file, "/q/{x}-{inv_y}.db");
    EXPECT_EQ(sqlite.path.xcount, 64);
    EXPECT_EQ(sqlite.path.ycount, 32);
    EXPECT_EQ(sqlite.path.top, 8);
    EXPECT_EQ(sqlite.path.dimension_text, DimensionText::paths);
    EXPECT_THAT(sqlite.path.formats, ElementsAre(Pair("inv_y", "%x"), Pair("x", "%08d")));
    EXPECT_TRUE(sqlite.marks_blank);
    EXPECT_THAT(sqlite.pragmas,
                ElementsAre(Pair("journal_mode", "WAL"), Pair("user_version", "7")));
    EXPECT_EQ(sqlite.queries.create + sqlite.queries.exists + sqlite.queries.get +
                  sqlite.queries.set + sqlite.queries.erase,
              "cegsd");

    const auto& mbtiles = options_of<sqlite::CacheOptions>(*config, "m");
    EXPECT_EQ(mbtiles.schema, sqlite::CacheSchema::mbtiles);
    EXPECT_EQ(mbtiles.file, "/m/a&b.mbtiles");
    EXPECT_EQ(mbtiles.path.xcount, 0);
    EXPECT_EQ(mbtiles.queries.create, "select 1");
    EXPECT_EQ(mbtiles.queries.set, "");

    const auto& bdb = options_of<BdbOptions>(*config, "b");
    EXPECT_EQ(bdb.name, "b");
    EXPECT_EQ(bdb.base, "/b");
    EXPECT_EQ(bdb.key, "{tileset}-{grid}-{dim}-{z}-{y}-{x}.{ext}");

    const auto& lmdb = options_of<LmdbOptions>(*config, "l");
    EXPECT_EQ(lmdb.key, "{quadkey}{tileset}");
    EXPECT_EQ(lmdb.max_bytes, 409'600'000U);
    EXPECT_EQ(lmdb.max_readers, 8U);
}

TEST(MapcacheConfig, reads_every_option_of_caches_behind_servers) {
    const auto config = load(all_caches);
    const auto& memcache = options_of<MemcacheOptions>(*config, "mem");
    ASSERT_EQ(memcache.servers.size(), 2U);
    EXPECT_EQ(memcache.servers[1].host, "two");
    EXPECT_EQ(memcache.servers[1].port, 11212);
    EXPECT_TRUE(memcache.marks_blank);
    EXPECT_EQ(options_of<RedisOptions>(*config, "red").server.port, 6379);

    const auto& rest = options_of<HttpOptions>(*config, "web");
    EXPECT_EQ(rest.url, "https://h/{z}/{x}/{y}.{ext}");
    EXPECT_THAT(rest.common.headers, ElementsAre(Pair("Host", "h"), Pair("X-A", "1 2")));
    EXPECT_EQ(rest.common.file, "/h.txt");
    EXPECT_THAT(rest.by_operation.at(HttpOperation::put).headers, ElementsAre(Pair("X-B", "2")));
    EXPECT_EQ(rest.by_operation.at(HttpOperation::erase).file, "/i.txt");
    EXPECT_EQ(rest.timeout, std::chrono::seconds{5});
    EXPECT_EQ(rest.connection_timeout, std::chrono::milliseconds{1500});
    EXPECT_TRUE(rest.uses_redirects);
    EXPECT_TRUE(rest.leaves_out_blank);

    const auto& s3 = std::get<S3Signature>(options_of<HttpOptions>(*config, "s3").signature);
    EXPECT_EQ(s3.id + s3.secret + s3.session_token + s3.region, "istr");
    EXPECT_EQ(s3.credentials_file, "/c");
    const auto& azure = std::get<AzureSignature>(options_of<HttpOptions>(*config, "az").signature);
    EXPECT_EQ(azure.id + azure.secret + azure.container, "isc");
    const auto& google =
        std::get<GoogleSignature>(options_of<HttpOptions>(*config, "go").signature);
    EXPECT_EQ(google.access + google.secret, "as");
    EXPECT_EQ(google.version, GoogleSignature::Version::v2);
    EXPECT_EQ(std::get<GoogleSignature>(options_of<HttpOptions>(*config, "go4").signature).version,
              GoogleSignature::Version::v4);

    const auto& riak = options_of<RiakOptions>(*config, "ri");
    ASSERT_EQ(riak.servers.size(), 2U);
    EXPECT_EQ(riak.bucket, "{tileset}");
    EXPECT_EQ(riak.key, "{z}/{x}/{y}");
}

TEST(MapcacheConfig, reads_caches_that_are_made_of_caches) {
    const auto config = load(all_caches);
    const auto& entries = options_of<CompositeOptions>(*config, "comp").entries;
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].cache->name, "d");
    EXPECT_EQ(entries[0].max_zoom, 7);
    EXPECT_THAT(entries[0].grids, ElementsAre("g", "WGS84"));
    EXPECT_EQ(entries[1].max_zoom, std::numeric_limits<int>::max());
    EXPECT_THAT(entries[1].dimensions, ElementsAre(Pair("time", "2001"), Pair("level", "1")));

    EXPECT_EQ(options_of<FallbackOptions>(*config, "fall").caches.back()->name, "comp");
    EXPECT_EQ(options_of<MultitierOptions>(*config, "multi").caches.back()->name, "fall");
    EXPECT_TRUE(options_of<MultitierOptions>(*config, "multi").promotes);
    EXPECT_FALSE(options_of<MultitierOptions>(*config, "multi2").promotes);
}

TEST(MapcacheConfig, counts_blank_detection_as_each_cache_of_mapcache_does) {
    const auto config = load(R"(
        <cache name="q" type="sqlite3"><dbfile>q</dbfile><detect_blank>false</detect_blank></cache>
        <cache name="d" type="disk"><base>/d</base><symlink_blank>x</symlink_blank></cache>
        <cache name="m" type="memcache"><server><host>h</host><port>1</port></server>
          <detect_blank/></cache>)");
    EXPECT_FALSE(options_of<sqlite::CacheOptions>(*config, "q").marks_blank);
    EXPECT_TRUE(options_of<DiskOptions>(*config, "d").symlinks_blank);
    EXPECT_FALSE(options_of<MemcacheOptions>(*config, "m").marks_blank);
    EXPECT_THAT(config->unused(), ElementsAre("<detect_blank> (line 6): its text must be 'true'"));
}

TEST(MapcacheConfig, gives_tiles_the_extension_and_type_of_their_format) {
    struct Case {
        std::string format;
        std::string extension;
        std::string media_type;
        std::optional<TileFormat> tile_format;
    };
    for (const auto& [format, extension, media_type, tile_format] : {
             Case{"", "png", "", std::nullopt},
             Case{"<format>PNG</format>", "png", "image/png", TileFormat::png},
             Case{"<format>PNG8</format>", "png", "image/png", TileFormat::png},
             Case{"<format>JPEG</format>", "jpg", "image/jpeg", TileFormat::jpeg},
             Case{"<format>mixed</format>", "xxx", "", std::nullopt},
             Case{"<format>own</format>", "xxx", "", std::nullopt},
             Case{"<format>vector</format>", "pbf", "application/x-protobuf", TileFormat::pbf},
         }) {
        const auto config = load(R"(
            <format name="vector" type="RAW"><extension>pbf</extension>
              <mime_type>application/x-protobuf</mime_type></format>
            <format name="own" type="MIXED"><transparent>PNG8</transparent><opaque>JPEG</opaque>
              </format>)" + tileset("<grid>g</grid>" + format));
        const auto& found = *config->tilesets().front();
        const auto slice = found.slice(found.grids.front());
        EXPECT_EQ(slice.values.extension, extension) << format;
        EXPECT_EQ(slice.media_type, media_type) << format;
        EXPECT_EQ(slice.info.format, tile_format) << format;
    }
}

TEST(MapcacheConfig, says_how_tiles_of_a_format_are_encoded) {
    struct Case {
        std::string format;
        std::optional<Encoding> encoding;
    };
    for (const auto& [format, encoding] :
         {Case{"PNG", Encoding::png}, Case{"PNG8", Encoding::png8},
          Case{"PNGQ_FAST", Encoding::png8}, Case{"PNG_BEST", Encoding::png},
          Case{"JPEG", Encoding::jpeg}, Case{"mixed", Encoding::mixed},
          Case{"WEBP", Encoding::webp}, Case{"vector", std::nullopt}}) {
        const auto config = load(R"(
            <format name="PNGQ_FAST" type="PNG"><compression>fast</compression><colors>256</colors>
              </format>
            <format name="PNG_BEST" type="PNG"><compression>best</compression></format>
            <format name="WEBP" type="RAW"><extension>webp</extension></format>
            <format name="vector" type="RAW"><extension>pbf</extension></format>)" +
                                 tileset("<grid>g</grid><format>" + format + "</format>"));

        EXPECT_EQ(encoding_of(*config->tilesets().front()->format), encoding) << format;
    }
}

TEST(MapcacheConfig, reads_what_a_tileset_says_of_itself) {
    const auto config = load("<source name='osm' type='wms'/>" + tileset(R"(
        <metadata><title>Roads</title><abstract>All of them</abstract></metadata>
        <source>osm</source> <grid minzoom="2" maxzoom="99">g</grid> <grid>WGS84</grid>
        <expires>60</expires> <auto_expire>120</auto_expire> <read-only>true</read-only>)"));
    const auto& found = *config->find_tileset("t");
    EXPECT_EQ(config->find_tileset("u"), nullptr);
    EXPECT_EQ(found.cache->name, "c");
    EXPECT_EQ(found.expires, std::chrono::seconds{60});
    EXPECT_EQ(found.auto_expire, std::chrono::seconds{120});
    EXPECT_TRUE(found.is_read_only);
    EXPECT_EQ(found.find_grid("")->grid->name(), "g");
    EXPECT_EQ(found.find_grid("WGS84")->grid->name(), "WGS84");
    EXPECT_EQ(found.find_grid("x"), nullptr);

    const auto slice = found.slice(*found.find_grid("g"));
    EXPECT_EQ(slice.info.name, "Roads");
    EXPECT_EQ(slice.info.description, "All of them");
    EXPECT_EQ(slice.info.min_zoom, 2);
    EXPECT_EQ(slice.info.max_zoom, 21);
    EXPECT_NEAR(slice.info.bounds->max_y, 85.0511, 1e-4) << "of the alias EPSG:3857";
    EXPECT_EQ(slice.values.tileset, "t");
    EXPECT_EQ(slice.expiry, std::chrono::seconds{120});
}

TEST(MapcacheConfig, limits_a_tileset_to_its_zooms_and_its_extent) {
    const auto config = load(tileset(
        "<grid restricted_extent='0 0 10000000 10000000' minzoom='1' maxzoom='3'>g</grid>"));
    const auto& link = config->tilesets().front()->grids.front();
    EXPECT_TRUE(link.limits(0).is_empty());
    EXPECT_EQ(link.expected(1), (TileRange{1, 1, 0, 2, 1}));
    EXPECT_EQ(link.expected(2), (TileRange{2, 2, 1, 3, 2}));
    EXPECT_TRUE(link.limits(4).is_empty());
    EXPECT_TRUE(link.limits(99).is_empty());
    EXPECT_TRUE(link.limits(-1).is_empty());
}

TEST(MapcacheConfig, allows_the_tiles_around_an_extent_that_mapcache_makes) {
    const auto links = [](const std::string& attributes) {
        const auto config = load(
            tileset("<grid restricted_extent='100 100 2000 2000' " + attributes + ">g</grid>"));
        const auto& link = config->tilesets().front()->grids.front();
        return std::pair{link.limits(12), link.expected(12)};
    };
    const TileRange extent{12, 2048, 2047, 2049, 2048};
    EXPECT_EQ(links("").second, extent);
    EXPECT_EQ(links("").first, (TileRange{12, 2043, 2042, 2054, 2053})) << "11 by 11 tiles";
    EXPECT_EQ(links("tolerance='1'").first, (TileRange{12, 2047, 2046, 2050, 2049}));
    EXPECT_EQ(links("tolerance='0'").first, extent);
    EXPECT_EQ(links("tolerance='3000'").first, (TileRange{12, 0, 0, 4096, 4096})) << "of the grid";
    EXPECT_EQ(links("tolerance='0'").first, extent);
}

const std::string dimensions = R"(<grid>g</grid><dimensions>
    <dimension name="time" type="values" default="2001"><value>2001</value><value>2002</value>
      </dimension>
    <dimension name="level" type="regex" default="low"><regex>^[a-z]+$</regex></dimension>
    </dimensions>)";

TEST(MapcacheConfig, gives_a_slice_the_values_that_are_asked_and_the_defaults) {
    const auto config = load(tileset(dimensions));
    const auto& found = *config->tilesets().front();
    EXPECT_THAT(found.slice(found.grids.front()).values.dimensions,
                ElementsAre(Pair("time", "2001"), Pair("level", "low")));
    EXPECT_THAT(
        found.slice(found.grids.front(), {{"level", "high"}, {"time", "2002"}}).values.dimensions,
        ElementsAre(Pair("time", "2002"), Pair("level", "high")));
}

TEST(MapcacheConfig, refuses_a_dimension_or_value_that_the_tileset_does_not_have) {
    const auto config = load(tileset(dimensions));
    const auto& found = *config->tilesets().front();
    const auto slice_at = [&](const std::string& name, const std::string& value) {
        return [&found, name, value] { found.slice(found.grids.front(), {{name, value}}); };
    };
    EXPECT_THAT(slice_at("height", "1"),
                throws(Errc::invalid_argument,
                       "tileset 't' has no dimension 'height'; it has: time, level"));
    EXPECT_THAT(slice_at("time", "2003"),
                throws(Errc::invalid_argument,
                       "dimension 'time' of tileset 't' cannot be '2003'; its values are: 2001, "
                       "2002"));
    EXPECT_THAT(slice_at("level", "3"),
                throws(Errc::invalid_argument, "dimension 'level' of tileset 't' cannot be '3'"));
}

/// What the file of a tile is called in a cache with that `<dbfile>`.
std::string rendered(const std::string& file, const std::string& counts, const TileKey& key) {
    const auto config = load("<cache name='c' type='sqlite3'>" + file + counts +
                             "</cache><tileset name='t'><cache>c</cache><grid>g</grid></tileset>");
    const auto& options = options_of<sqlite::CacheOptions>(*config, "c");
    const auto& found = *config->tilesets().front();
    const auto slice = found.slice(found.grids.front());
    const auto& grid = *slice.info.grid;
    return PathTemplate{options.file, options.path}.render(
        grid, grid.key_from_origin(key.z, key.x, key.y), slice.values);
}

TEST(MapcacheConfig, names_files_as_the_worked_examples_do) {
    const std::string thousand = "<xcount>1000</xcount><ycount>1000</ycount>";
    EXPECT_EQ(rendered("<dbfile>{z}/{x}-{y}</dbfile>", thousand, {15, 3024, 1534}), "15/3000-1000");
    EXPECT_EQ(rendered("<dbfile>{z}/{x}-{y}</dbfile>", thousand, {5, 2, 8}), "5/0-0");
    EXPECT_EQ(rendered("<dbfile x_fmt='%08d' inv_y_fmt='%08d'>L{z}/R{inv_y}/C{x}</dbfile>",
                       "<xcount>64</xcount><ycount>64</ycount>", {10, 700, 500}),
              "L10/R00000512/C00000640");
    const std::string top = "<dbfile top_fmt='%02d'>z{top}-{top_x}-{top_y}</dbfile>";
    EXPECT_EQ(rendered(top, "<top>8</top>", {8, 175, 125}), "z08-175-125");
    EXPECT_EQ(rendered(top, "<top>8</top>", {10, 700, 500}), "z08-175-125");
    EXPECT_EQ(rendered(top, "<top>8</top>", {14, 8191, 8192}), "z08-127-128");
    EXPECT_EQ(rendered(top, "<top>8</top>", {21, 1234567, 1654321}), "z08-150-201");
    EXPECT_EQ(rendered("<dbfile>{inv_top_x}-{inv_top_y}</dbfile>", "<top>8</top>",
                       {21, 1234567, 1654321}),
              "105-54");
    EXPECT_EQ(rendered("<dbfile>{inv_x} {x}</dbfile>", "<xcount>3</xcount>", {2, 0, 0}), "3 0");
    EXPECT_EQ(rendered("<dbfile>{top}-{x}-{dim}</dbfile>", "", {2, 0, 0}), "{top}-{x}-{dim}")
        << "keys without a count, and dimensions without any, stay as they are written";
}

}  // namespace
}  // namespace offgrid
