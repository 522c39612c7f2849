#include "pack/inspect/store_table.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>

namespace offgrid {
namespace {

using testing::HasSubstr;

constexpr std::array<StoreType, 2> two_types{{
    {"disk", "a folder of tiles", true, true, true, true, false},
    {"bdb", "a B-tree", true, true, true, true, false, "built without Berkeley DB"},
}};

TEST(StoreTable, says_of_each_type_what_it_can_and_why_it_is_not_built_in) {
    EXPECT_EQ(store_types_to_text(two_types),
              "type  read  write  scan  delete  expiry  built in\n"
              "disk  yes   yes    yes   yes     -       yes       a folder of tiles\n"
              "bdb   yes   yes    yes   yes     -       no        a B-tree "
              "(built without Berkeley DB)\n");
}

TEST(StoreTable, says_the_same_as_json) {
    const auto json = nlohmann::json::parse(store_types_to_json(two_types));
    EXPECT_EQ(json[0]["built_in"], true);
    EXPECT_FALSE(json[0].contains("missing"));
    EXPECT_EQ(json[1]["built_in"], false);
    EXPECT_EQ(json[1]["missing"], "built without Berkeley DB");
    EXPECT_EQ(json[1]["expiry"], false);
}

TEST(StoreTable, lists_every_type_of_mapcache) {
    const auto table = store_types_to_text(store_types());
    for (const auto* type :
         {"disk", "sqlite3", "mbtiles", "tiff", "bdb", "memcache", "redis", "lmdb", "rest", "s3",
          "azure", "google", "riak", "composite", "fallback", "multitier"}) {
        EXPECT_THAT(table, HasSubstr(std::string{"\n"} + type + " "));
    }
}

}  // namespace
}  // namespace offgrid
