#include "serve/layer_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace offgrid::test {
namespace {

struct Taken {
    std::string wanted{};
    StorePlace place{};
    std::string name{};
};

TEST(LayerNames, add_what_tells_a_store_from_others_of_its_name) {
    LayerNames names;
    const std::vector<Taken> rows{
        {"b", {.folders = {}, .extension = ".mbtiles", .root = "maps"}, "b"},
        {"b", {.folders = {"x", "a"}, .extension = ".mbtiles", .root = "maps"}, "a:b"},
        {"b", {.folders = {"x", "a"}, .extension = ".mbtiles", .root = "maps"}, "x:a:b"},
        {"b", {.folders = {"x", "a"}, .extension = ".pmtiles", .root = "maps"}, "x:a:b.pmtiles"},
        {"b", {.folders = {"x", "a"}, .extension = ".pmtiles", .root = "maps"}, "maps:x:a:b"},
        {"b", {.folders = {"x", "a"}, .extension = ".pmtiles", .root = "maps"}, "b~2"},
        {"b", {.folders = {}, .extension = ".pmtiles", .root = "maps"}, "b.pmtiles"},
        {"b", {.folders = {}, .extension = "", .root = "maps"}, "maps:b"},
        {"b", {.folders = {}, .extension = "", .root = "maps"}, "b~3"},
        {"c", {.folders = {"a"}, .extension = ".tif", .root = "maps"}, "c"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(names.take(row.wanted, row.place), row.name);
    }
}

TEST(LayerNames, make_names_where_none_may_be_used_as_it_is) {
    LayerNames names;
    const StorePlace place{.folders = {}, .extension = ".tif", .root = "maps"};
    const std::string long_name(200, 'n');
    EXPECT_EQ(names.take(long_name, place), "layer~2");
    EXPECT_EQ(names.take(long_name, place), "layer~3");
    EXPECT_EQ(names.take(std::string(120, 'n'), place), std::string(120, 'n'));
}

}  // namespace
}  // namespace offgrid::test
