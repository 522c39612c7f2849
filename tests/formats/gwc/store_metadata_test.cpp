#include "formats/gwc/store_metadata.h"

#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::gwc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// ST-10
TEST(StoreMetadata, keeps_values_of_layers_apart) {
    const test::TempFolder folder;
    StoreMetadata metadata{folder.path().string()};
    for (const auto* layer : {"europe", "asia"}) {
        for (const auto* key : {"a", "b"}) {
            metadata.put(layer, key, std::string{layer} + key);
        }
    }
    metadata.put("asia", "a", "later");
    EXPECT_EQ(metadata.get("europe", "a"), "europea");
    EXPECT_EQ(metadata.get("europe", "b"), "europeb");
    EXPECT_EQ(metadata.get("asia", "a"), "later");
    EXPECT_EQ(metadata.get("asia", "c"), std::nullopt);
}

// ST-10
TEST(StoreMetadata, has_nothing_of_what_is_not_named) {
    const test::TempFolder folder;
    StoreMetadata metadata{folder.path().string()};
    metadata.put(std::nullopt, "key", "value");
    metadata.put("layer", std::nullopt, "value");
    metadata.put("layer", "key", std::nullopt);
    EXPECT_EQ(metadata.get(std::nullopt, "key"), std::nullopt);
    EXPECT_EQ(metadata.get("layer", std::nullopt), std::nullopt);
    EXPECT_FALSE(std::filesystem::exists(folder / "metadata.sqlite"));
    metadata.put("layer", "key", "value");
    metadata.put("layer", "key", std::nullopt);
    EXPECT_EQ(metadata.get("layer", "key"), std::nullopt);
}

// ST-10
TEST(StoreMetadata, takes_any_character_in_keys_and_values) {
    const test::TempFolder folder;
    StoreMetadata metadata{folder.path().string()};
    for (const std::string text : {"=", "&", "%", "a=b&c=%20", "'", "é", "%"}) {
        metadata.put(text, text, text);
        EXPECT_EQ(metadata.get(text, text), text);
    }
}

// ST-11
TEST(StoreMetadata, keeps_sets_of_parameters_under_their_ids) {
    TestStore store;
    const Parameters parameters{{"STYLES", "pop hatch"}, {"CQL_FILTER", "a=1&b>2 é"}};
    store.put(png_of("asia", "EPSG:4326", parameters), {0, 0, 0}, "x");
    const auto id = parameters_id(parameters);
    EXPECT_THAT(
        sqlite::rows(store.file("metadata.sqlite"), "SELECT * FROM metadata"),
        ElementsAre("asia|parameters." + id + "|CQL_FILTER=a%3D1%26b%3E2+%C3%A9&STYLES=pop+hatch"));
    EXPECT_THAT(store.store().metadata().parameter_sets("asia"), ElementsAre(Pair(id, parameters)));
    EXPECT_THAT(store.store().metadata().parameter_sets("europe"), IsEmpty());
}

TEST(StoreMetadata, reads_what_is_no_pair_as_well_as_it_can) {
    TestStore store;
    store.store().metadata().put("a", "parameters.1", "x&=&%&%4&%zz=+&&a=b=c");
    EXPECT_THAT(store.store().metadata().parameter_sets("a").at("1"),
                ElementsAre(Pair("", ""), Pair("%", ""), Pair("%4", ""), Pair("%zz", " "),
                            Pair("a", "b=c"), Pair("x", "")));
}

TEST(StoreMetadata, of_an_empty_or_foreign_file_knows_nothing) {
    const test::TempFolder folder;
    const StoreMetadata metadata{folder.path().string()};
    test::write_file(folder / "metadata.sqlite", "");
    EXPECT_EQ(metadata.get("a", "b"), std::nullopt);
    sqlite::execute(folder / "metadata.sqlite", "CREATE VIEW metadata AS SELECT 1 AS value");
    EXPECT_THAT(metadata.parameter_sets("a"), IsEmpty());
}

}  // namespace
}  // namespace offgrid::gwc
