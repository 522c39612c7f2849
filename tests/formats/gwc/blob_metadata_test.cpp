#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"

#include <gmock/gmock.h>

namespace offgrid::gwc {
namespace {

using testing::ElementsAre;

constexpr const char* properties =
    "attribution=some attribution\nbounds=-180,-90,180,90\ndescription=some description\n"
    "maxZoom=10\nminZoom=0\ntype=base_layer\nversion=1.0\n";

std::vector<std::string> metadata_of(const TestStore& store) {
    return sqlite::rows(store.file(store.files_there().front()),
                        "SELECT name, value FROM metadata ORDER BY name");
}

void describe(TestStore& store, const std::string& file, MetadataForm form) {
    std::filesystem::create_directories(store.root().parent_path() / "p");
    test::write_file(store.root().parent_path() / "p" / file, properties);
    store.options.mbtiles_metadata_directory = (store.root().parent_path() / "p").string();
    store.options.metadata_form = form;
}

// MD-01
TEST(BlobMetadata, has_the_ten_rows_of_geowebcache_where_they_are_wanted) {
    TestStore store;
    describe(store, "europe_asia.properties", MetadataForm::geowebcache);
    store.put(png_of("europe:asia"), {5, 5, 5}, "x");
    EXPECT_THAT(metadata_of(store),
                ElementsAre("attribution|some attribution", "bounds|-180.0,-90.0,180.0,90.0",
                            "description|some description", "format|png", "json|null", "maxzoom|5",
                            "minzoom|5", "name|europe:asia", "type|base_layer", "version|1.0"));
}

// MD-02
TEST(BlobMetadata, has_name_format_and_zooms_where_nothing_is_said) {
    TestStore plain;
    plain.put(png_of("europe"), {5, 5, 5}, "x");
    EXPECT_THAT(metadata_of(plain),
                ElementsAre("format|png", "maxzoom|5", "minzoom|5", "name|europe"));
    TestStore compatible;
    compatible.options.metadata_form = MetadataForm::geowebcache;
    compatible.put(png_of("europe"), {5, 5, 5}, "x");
    EXPECT_THAT(metadata_of(compatible),
                ElementsAre("format|png", "json|null", "maxzoom|5", "minzoom|5", "name|europe"));
}

// MD-03
TEST(BlobMetadata, has_the_words_of_the_specification) {
    const LayerProperties layer{.type = LayerProperties::Type::base_layer};
    const auto word = [&](const char* format, MetadataForm form) {
        for (const auto& [name, value] : metadata_rows("l", format, layer, form)) {
            if (name == "format") {
                return value;
            }
        }
        return std::string{"(none)"};
    };
    EXPECT_EQ(word("image/jpeg", MetadataForm::spec), "jpg");
    EXPECT_EQ(word("image/jpeg", MetadataForm::geowebcache), "jpeg");
    EXPECT_EQ(word("application/vnd.mapbox-vector-tile", MetadataForm::spec), "pbf");
    EXPECT_EQ(word("application/vnd.mapbox-vector-tile", MetadataForm::geowebcache), "(none)");
    EXPECT_EQ(word("image/vnd.jpeg-png", MetadataForm::spec), "(none)");
    EXPECT_EQ(word("image/gif", MetadataForm::geowebcache), "(none)");
    EXPECT_EQ(metadata_rows("l", "image/png", layer, MetadataForm::spec).back().second,
              "baselayer");
    EXPECT_EQ(parse_layer_properties("type=BASELAYER"), parse_layer_properties("type=base_layer"));
}

// MD-04
TEST(BlobMetadata, takes_the_properties_under_both_of_their_names) {
    for (const auto* file : {"topp_states.properties", "topp_states.metadata"}) {
        TestStore store;
        describe(store, file, MetadataForm::spec);
        store.put(png_of("topp:states"), {5, 5, 5}, "x");
        EXPECT_THAT(metadata_of(store), testing::Contains("description|some description")) << file;
    }
}

// MD-05
TEST(BlobMetadata, of_a_bad_file_does_not_stop_the_store) {
    TestStore store;
    describe(store, "good.properties", MetadataForm::spec);
    test::write_file(store.root().parent_path() / "p" / "bad.properties", "bounds=1,2");
    store.put(png_of("good"), {5, 5, 5}, "x");
    EXPECT_THAT(store.warnings, ElementsAre(testing::HasSubstr("bad.properties is not used")));
    EXPECT_THAT(metadata_of(store), testing::Contains("type|baselayer"));
}

// MD-06
TEST(BlobMetadata, follows_the_zooms_of_the_tiles_that_are_there) {
    TestStore store;
    store.options.template_path = "{layer}.sqlite";
    const auto zooms = [&] {
        return sqlite::rows(
            store.file("europe.sqlite"),
            "SELECT value FROM metadata WHERE name LIKE '%zoom' ORDER BY name DESC");
    };
    const auto europe = png_of("europe");
    store.put(europe, {5, 5, 5}, "x");
    store.put(europe, {9, 5, 5}, "x");
    EXPECT_THAT(zooms(), ElementsAre("5", "9"));
    store.erase(europe, {9, 5, 5});
    EXPECT_THAT(zooms(), ElementsAre("5", "5"));
    store.put(europe, {9, 5, 5}, "x");
    store.store().remove_range(europe, {{5, 0, 0, 9, 9}});
    EXPECT_THAT(zooms(), ElementsAre("9", "9"));
}

}  // namespace
}  // namespace offgrid::gwc
