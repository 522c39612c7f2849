#include "formats/config/geowebcache_config.h"

#include "formats/config/store_location.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid::config {
namespace {

using test::png_bytes;
using test::throws;
using test::word_in;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* one_store =
    "<blobStores><MbtilesBlobStore default='true'><id>s</id>"
    "<rootDirectory>/srv/s</rootDirectory></MbtilesBlobStore></blobStores>";

std::string layers(const std::string& text) {
    return std::string{one_store} + "<layers>" + text + "</layers>";
}

std::unique_ptr<const GeowebcacheConfig> load(const std::string& text) {
    const test::TempFolder folder;
    test::write_file(folder / "g.xml", "<gwcConfiguration>\n" + text + "\n</gwcConfiguration>\n");
    return GeowebcacheConfig::load(folder / "g.xml");
}

std::string failure_of(const std::string& text) {
    try {
        load(text);
    } catch (const Error& error) {
        const std::string message = error.what();
        return message.substr(std::min(message.find("g.xml"), message.size()));
    }
    return "(no error)";
}

TEST(GeowebcacheConfig, takes_the_documented_defaults_for_what_is_left_out) {
    const auto config = load(one_store);
    ASSERT_EQ(config->stores().size(), 1U);
    const auto& store = config->stores().front();
    EXPECT_EQ(store.id, "s");
    EXPECT_TRUE(store.is_default);
    EXPECT_TRUE(store.enabled);
    EXPECT_EQ(store.root_directory, "/srv/s");
    EXPECT_EQ(store.template_path, "{layer}/{grid}{format}{params}/{z}_{x}_{y}.sqlite");
    EXPECT_EQ(store.pool_size, 1000);
    EXPECT_EQ(store.pool_reaper_interval_ms, 500);
    EXPECT_EQ(store.row_range_count, 250);
    EXPECT_EQ(store.column_range_count, 250);
    EXPECT_FALSE(store.eager_delete);
    EXPECT_TRUE(store.use_create_time);
    EXPECT_EQ(store.mbtiles_metadata_directory, "");
    EXPECT_EQ(store.executor_concurrency, 5);
    EXPECT_FALSE(store.gzip_vector);
}

TEST(GeowebcacheConfig, reads_every_property_of_a_store) {
    const auto config = load(
        "<blobStores><MbtilesBlobStore><id>t</id><enabled>false</enabled>"
        "<rootDirectory>r</rootDirectory><templatePath>{layer}\\{z}.db</templatePath>"
        "<poolSize>7</poolSize><poolReaperIntervalMs>8</poolReaperIntervalMs>"
        "<rowRangeCount>9</rowRangeCount><columnRangeCount>10</columnRangeCount>"
        "<eagerDelete>true</eagerDelete><useCreateTime>false</useCreateTime>"
        "<mbtilesMetadataDirectory>m</mbtilesMetadataDirectory>"
        "<executorConcurrency>11</executorConcurrency><gzipVector>TRUE</gzipVector>"
        "</MbtilesBlobStore></blobStores>");
    const auto& store = config->stores().front();
    EXPECT_FALSE(store.is_default);
    EXPECT_FALSE(store.enabled);
    EXPECT_EQ(store.template_path, "{layer}\\{z}.db");
    EXPECT_EQ(store.pool_size, 7);
    EXPECT_EQ(store.pool_reaper_interval_ms, 8);
    EXPECT_EQ(store.row_range_count, 9);
    EXPECT_EQ(store.column_range_count, 10);
    EXPECT_TRUE(store.eager_delete);
    EXPECT_FALSE(store.use_create_time);
    EXPECT_EQ(store.mbtiles_metadata_directory, "m");
    EXPECT_EQ(store.executor_concurrency, 11);
    EXPECT_TRUE(store.gzip_vector);
    EXPECT_THAT(config->unused(), testing::IsEmpty());
}

TEST(GeowebcacheConfig, says_where_a_store_is_wrong) {
    const auto store = [](const std::string& text) {
        return "<blobStores><MbtilesBlobStore>" + text + "</MbtilesBlobStore></blobStores>";
    };
    EXPECT_EQ(failure_of(store("")), "g.xml:2: <MbtilesBlobStore>: <id> is missing");
    EXPECT_THAT(failure_of(store("<id>s</id>")), HasSubstr("<rootDirectory> is missing"));
    const std::string base = "<id>s</id><rootDirectory>r</rootDirectory>";
    EXPECT_THAT(failure_of(store(base + "<poolSize>0</poolSize>")), HasSubstr("<poolSize>"));
    EXPECT_THAT(failure_of(store(base + "<rowRangeCount>x</rowRangeCount>")), HasSubstr("'x'"));
    EXPECT_THAT(failure_of(store(base + "<templatePath>{z}/{Z}</templatePath>")),
                HasSubstr("'z' appears several times"));
    EXPECT_THAT(failure_of(store("<id>_DEFAULT_STORE_</id><rootDirectory>r</rootDirectory>")),
                HasSubstr("reserved"));
    EXPECT_THAT(failure_of(store(base) + store(base)), HasSubstr("(no error)"));
    EXPECT_THAT(failure_of("<blobStores><MbtilesBlobStore>" + base +
                           "</MbtilesBlobStore>"
                           "<MbtilesBlobStore>" +
                           base + "</MbtilesBlobStore></blobStores>"),
                HasSubstr("there is a store 's' already"));
    EXPECT_THAT(failure_of("<blobStores><MbtilesBlobStore default='true'>" + base +
                           "<enabled>false</enabled></MbtilesBlobStore></blobStores>"),
                HasSubstr("the default store cannot be disabled"));
}

// PT-17
TEST(GeowebcacheConfig, refuses_two_layers_in_the_same_files) {
    EXPECT_EQ(
        failure_of(layers("<wmsLayer><name>a:b</name></wmsLayer>"
                          "<wmsLayer><name>a_b</name></wmsLayer>")),
        "g.xml: a:b@EPSG:4326@png and a_b@EPSG:4326@png share the files of store 's', such as "
        "a_b/EPSG_4326image_pngnull/0_0_0.sqlite");
}

// PT-17
TEST(GeowebcacheConfig, notes_a_disabled_layer_in_the_files_of_another) {
    const auto config =
        load(layers("<wmsLayer><name>a:b</name></wmsLayer>"
                    "<wmsLayer><name>a_b</name><enabled>false</enabled></wmsLayer>"));
    EXPECT_THAT(config->unused(), Contains(HasSubstr("'a_b', which is left out, shares the files "
                                                     "of layer 'a:b'")));
    EXPECT_THAT(config->stores().front().known_layers, ElementsAre("a:b", "a_b"));
}

std::vector<std::string> found(const GeowebcacheConfig& config, const std::string& name) {
    std::vector<std::string> names;
    for (const auto* tileset : config.find(name)) {
        names.push_back(tileset->name);
    }
    return names;
}

TEST(GeowebcacheConfig, tells_a_layer_from_one_whose_name_goes_on_after_an_at_sign) {
    const std::string rest =
        "</name><mimeFormats><string>image/png</string></mimeFormats></wmsLayer>";
    const auto config =
        load(layers("<wmsLayer><name>a" + rest + "<wmsLayer><name>a@b" + rest +
                    "<wmsLayer><name>a@off</name><enabled>false</enabled></wmsLayer>"));
    EXPECT_THAT(found(*config, "a"), ElementsAre("a@EPSG:4326@png", "a@EPSG:900913@png"));
    EXPECT_THAT(found(*config, "a@EPSG:4326"), ElementsAre("a@EPSG:4326@png"));
    EXPECT_THAT(found(*config, "a@b"), ElementsAre("a@b@EPSG:4326@png", "a@b@EPSG:900913@png"));
    EXPECT_THAT(found(*config, "a@b@EPSG:4326@png"), ElementsAre("a@b@EPSG:4326@png"));
    EXPECT_THAT([&] { config->find("a@b@EPSG:1"); },
                throws(Errc::not_found, HasSubstr("there are: a@b@EPSG:4326@png")));
    EXPECT_THAT([&] { config->find("a@off"); }, throws(Errc::unsupported, HasSubstr("disabled")));
    EXPECT_THAT([&] { config->find("a@EPSG:4326@p"); }, throws(Errc::not_found, testing::_));
}

TEST(GeowebcacheConfig, has_the_grid_sets_of_geowebcache_and_those_of_the_file) {
    const auto config = load(
        "<gridSets><gridSet><name>local</name><srs><number>2163</number></srs>"
        "<extent><coords><double>0</double><double>0</double><double>2560</double>"
        "<double>5120</double></coords></extent><alignTopLeft>true</alignTopLeft>"
        "<scaleDenominators><double>35714.285714285714</double></scaleDenominators>"
        "<tileHeight>128</tileHeight><tileWidth>128</tileWidth></gridSet>"
        "<gridSet><name>halving</name><srs><number>4326</number></srs>"
        "<extent><coords><double>-180</double><double>-90</double><double>180</double>"
        "<double>90</double></coords></extent><levels>3</levels></gridSet></gridSets>" +
        layers(
            "<wmsLayer><name>l</name><mimeFormats><string>image/png8</string></mimeFormats>"
            "<gridSubsets><gridSubset><gridSetName>local</gridSetName></gridSubset>"
            "<gridSubset><gridSetName>halving</gridSetName><zoomStart>1</zoomStart>"
            "<extent><coords><double>0</double><double>0</double><double>90</double>"
            "<double>90</double></coords></extent></gridSubset>"
            "<gridSubset><gridSetName>EPSG:900913</gridSetName><zoomStop>4</zoomStop></gridSubset>"
            "</gridSubsets></wmsLayer>"));
    const auto& links = config->layers().front()->grids;
    ASSERT_EQ(links.size(), 3U);
    EXPECT_EQ(links[0].grid->srs(), "EPSG:2163");
    EXPECT_EQ(links[0].grid->origin(), Grid::Origin::top_left);
    EXPECT_EQ(links[0].grid->tile_size(), 128);
    EXPECT_NEAR(links[0].grid->resolution(0), 10, 1e-9);
    EXPECT_EQ(links[0].grid->matrix_height(0), 4);
    EXPECT_DOUBLE_EQ(links[1].grid->resolution(0), 0.703125);
    EXPECT_EQ(links[1].grid->matrix_width(2), 8);
    EXPECT_EQ(links[1].limits(1), (TileRange{1, 2, 0, 3, 1}));
    EXPECT_TRUE(links[1].limits(0).is_empty());
    EXPECT_EQ(links[2].max_zoom, 4);
    EXPECT_EQ(config->tilesets().front().name, "l@local@png8");
}

TEST(GeowebcacheConfig, gives_a_layer_the_defaults_of_geowebcache) {
    const auto config = load(layers("<wmsLayer><name>l</name></wmsLayer>"));
    std::vector<std::string> names;
    for (const auto& tileset : config->tilesets()) {
        names.push_back(tileset.name);
    }
    EXPECT_THAT(names, ElementsAre("l@EPSG:4326@png", "l@EPSG:4326@jpeg", "l@EPSG:900913@png",
                                   "l@EPSG:900913@jpeg"));
    EXPECT_EQ(config->layers().front()->max_age, std::chrono::seconds{7200});
}

TEST(GeowebcacheConfig, knows_the_parameters_of_a_layer) {
    const auto config = load(layers(
        "<wmsLayer><name>l</name><parameterFilters><stringParameterFilter><key>Styles</key>"
        "<defaultValue>a</defaultValue><values><string>a</string><string>b</string></values>"
        "</stringParameterFilter><stringParameterFilter><key>TIME</key>"
        "<defaultValue>now</defaultValue></stringParameterFilter></parameterFilters></wmsLayer>"));
    const auto& layer = *config->layers().front();
    EXPECT_EQ(layer.parameters({}), gwc::Parameters{});
    EXPECT_EQ(layer.parameters({{"styles", "a"}}), gwc::Parameters{});
    EXPECT_EQ(layer.parameters({{"styles", "b"}}),
              (gwc::Parameters{{"STYLES", "b"}, {"TIME", "now"}}));
    EXPECT_THAT(
        [&] {
            layer.parameters({{"STYLES", "c"}});
        },
        throws(Errc::invalid_argument, HasSubstr("its values are: a, b")));
    EXPECT_THAT(
        [&] {
            layer.parameters({{"x", "c"}});
        },
        throws(Errc::invalid_argument, HasSubstr("it has: STYLES, TIME")));
    EXPECT_TRUE(layer.accepts({{"STYLES", "b"}, {"TIME", "now"}}));
    EXPECT_FALSE(layer.accepts({{"STYLES", "c"}}));
}

TEST(GeowebcacheConfig, reads_when_tiles_expire) {
    const auto config = load(layers(
        "<wmsLayer><name>a</name><expireCache>60</expireCache><expireClients>-2</expireClients>"
        "</wmsLayer><wmsLayer><name>b</name><expireCacheList><expirationRule minZoom='0' "
        "expiration='5'/><expirationRule minZoom='3' "
        "expiration='-2'/></expireCacheList></wmsLayer>"));
    EXPECT_EQ(config->layers()[0]->expiry.of(9), std::chrono::seconds{60});
    EXPECT_EQ(config->layers()[0]->max_age, std::chrono::seconds{31'536'000});
    EXPECT_EQ(config->layers()[1]->expiry.of(2), std::chrono::seconds{5});
    EXPECT_EQ(config->layers()[1]->expiry.of(3), std::nullopt);
    EXPECT_THAT(
        failure_of(layers("<wmsLayer><name>a</name><expireCache>-9</expireCache></wmsLayer>")),
        HasSubstr("'-9' is no number of seconds"));
}

TEST(GeowebcacheConfig, leaves_out_layers_in_stores_that_it_does_not_read) {
    const auto config = load(
        "<blobStores><FileBlobStore><id>f</id><baseDirectory>/d</baseDirectory></FileBlobStore>"
        "<MbtilesBlobStore><id>off</id><enabled>false</enabled><rootDirectory>r</rootDirectory>"
        "</MbtilesBlobStore></blobStores><layers>"
        "<wmsLayer><name>a</name><blobStoreId>f</blobStoreId></wmsLayer>"
        "<wmsLayer><name>b</name><blobStoreId>off</blobStoreId></wmsLayer>"
        "<wmsLayer><name>c</name></wmsLayer></layers>");
    EXPECT_TRUE(config->layers().empty());
    EXPECT_TRUE(config->is_kept_elsewhere("a"));
    EXPECT_FALSE(config->is_kept_elsewhere("b"));
    EXPECT_TRUE(config->is_kept_elsewhere("c"));
    EXPECT_FALSE(config->is_kept_elsewhere("d"));
    for (const auto& [name, reason] : {std::pair{"a", "a FileBlobStore is not read here"},
                                       {"b", "'off' is disabled"},
                                       {"c", "GeoWebCache's default one"}}) {
        EXPECT_THAT(([&, name = name] { config->find(name); }),
                    throws(Errc::unsupported, HasSubstr(reason)));
        EXPECT_THAT(config->unused(), Contains(HasSubstr(reason)));
    }
    EXPECT_THAT(
        failure_of(layers("<wmsLayer><name>a</name><blobStoreId>x</blobStoreId></wmsLayer>")),
        HasSubstr("there is no store 'x'"));
}

TEST(GeowebcacheConfig, notes_each_thing_that_is_not_used_once) {
    const auto config = load("<version>1.8.0</version><backendTimeout>1</backendTimeout><what/>" +
                             layers("<wmsLayer><name>a</name><wmsUrl/><gutter/></wmsLayer>"
                                    "<wmsLayer><name>b</name><wmsUrl/></wmsLayer>"));
    EXPECT_THAT(config->unused(), ElementsAre("<backendTimeout> (line 2): tiles are not rendered",
                                              "unknown element <what> (line 2)",
                                              "<wmsUrl> (line 2): tiles are not rendered",
                                              "<gutter> (line 2): tiles are not rendered"));
}

TEST(GeowebcacheConfig, says_where_a_layer_or_grid_set_is_wrong) {
    const auto layer = [](const std::string& text) {
        return layers("<wmsLayer><name>a</name>" + text + "</wmsLayer>");
    };
    EXPECT_THAT(failure_of(layers("<wmsLayer/>")), HasSubstr("<name> is missing"));
    EXPECT_THAT(failure_of(layers("<wmsLayer><name>..</name></wmsLayer>")),
                HasSubstr("cannot be part of a file name"));
    EXPECT_THAT(failure_of(layer("<gridSubsets><gridSubset><gridSetName>x</gridSetName>"
                                 "</gridSubset></gridSubsets>")),
                HasSubstr("there is no grid set 'x'"));
    EXPECT_THAT(failure_of(layer("<gridSubsets><gridSubset><gridSetName>EPSG:4326</gridSetName>"
                                 "<zoomStart>5</zoomStart><zoomStop>2</zoomStop></gridSubset>"
                                 "</gridSubsets>")),
                HasSubstr("zoomStart is after zoomStop"));
    EXPECT_THAT(failure_of("<gridSets><gridSet><name>EPSG:4326</name></gridSet></gridSets>"),
                HasSubstr("there is a grid set 'EPSG:4326' already"));
    EXPECT_THAT(failure_of("<gridSets><gridSet><name>g</name><srs><number>1</number></srs><extent>"
                           "<coords><double>nan</double><double>0</double><double>1</double>"
                           "<double>1</double></coords></extent></gridSet></gridSets>"),
                HasSubstr("'nan' is no number"));
}

// --- by a location

struct Places {
    Places() {
        test::write_file(folder / "geowebcache.xml",
                         "<gwcConfiguration><blobStores><MbtilesBlobStore default='true'><id>s</id>"
                         "<rootDirectory>" +
                             (folder / "root").string() +
                             "</rootDirectory></MbtilesBlobStore></blobStores><layers><wmsLayer>"
                             "<name>topp:states</name><mimeFormats><string>image/png</string>"
                             "</mimeFormats><parameterFilters><stringParameterFilter>"
                             "<key>STYLES</key><defaultValue/><values><string>b</string></values>"
                             "</stringParameterFilter></parameterFilters></wmsLayer></layers>"
                             "</gwcConfiguration>");
    }

    StoreLocation find(const std::string& name, const LocationOptions& options = {}) {
        return locations.find((folder / "geowebcache.xml").string() + name, options);
    }

    test::TempFolder folder;
    StoreLocations locations{8, [](const std::string&) {}};
};

TEST(StoreLocations, find_a_layer_of_geowebcache_by_grid_set_and_extension) {
    Places places;
    const auto location = places.find("#topp:states@EPSG:900913@png");
    EXPECT_EQ(location.type, "geowebcache");
    const auto writer = location.open_writer({});
    writer->put({1, 0, 0}, png_bytes("north-west"));
    writer->commit();
    EXPECT_TRUE(std::filesystem::exists(places.folder /
                                        "root/topp_states/EPSG_900913image_pngnull/1_0_0.sqlite"));
    EXPECT_EQ(word_in(places.find("#topp:states@EPSG:900913").open_reader()->get({1, 0, 0})),
              "north-west");
    EXPECT_EQ(word_in(places.find("", {.grid = "EPSG:900913"}).open_reader()->get({1, 0, 0})),
              "north-west");
    EXPECT_EQ(places.find("#topp:states@EPSG:4326").open_reader()->get({1, 0, 0}), std::nullopt);
}

TEST(StoreLocations, take_dimensions_for_the_parameters_of_a_layer) {
    Places places;
    const LocationOptions options{.grid = "EPSG:4326", .dimensions = {{"styles", "b"}}};
    const auto location = places.find("#topp:states", options);
    EXPECT_THAT(location.dimensions, ElementsAre("STYLES"));
    const auto writer = location.open_writer({});
    writer->put({1, 0, 0}, png_bytes("of b"));
    writer->commit();
    EXPECT_EQ(word_in(places.find("#topp:states", options).open_reader()->get({1, 0, 0})), "of b");
    EXPECT_EQ(places.find("#topp:states", {.grid = "EPSG:4326"}).open_reader()->get({1, 0, 0}),
              std::nullopt);
}

TEST(StoreLocations, ask_which_tileset_of_a_layer_is_meant) {
    Places places;
    EXPECT_THAT([&] { places.find("#topp:states"); },
                throws(Errc::invalid_argument,
                       HasSubstr("topp:states@EPSG:4326@png, topp:states@EPSG:900913@png")));
    EXPECT_THAT([&] { places.find("#topp:states@EPSG:1"); },
                throws(Errc::not_found, HasSubstr("there are: topp:states@EPSG:4326@png")));
    EXPECT_THAT([&] { places.find("#none"); },
                throws(Errc::not_found, HasSubstr("there are: topp:states")));
}

}  // namespace
}  // namespace offgrid::config
