#include "serve/url.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

TEST(PercentDecoded, reads_what_clients_escape) {
    const std::vector<std::pair<std::string, std::string>> table{
        {"", ""},
        {"kenya", "kenya"},
        {"sf%3Arestricted", "sf:restricted"},
        {"sf:restricted", "sf:restricted"},
        {"a%20b", "a b"},
        {"%e2%82%AC", "\u20ac"},
        {"a+b", "a+b"},
        {"%2e%2e", ".."},
        {"a%00b", {"a\0b", 3}}};
    for (const auto& [text, decoded] : table) {
        EXPECT_EQ(percent_decoded(text), decoded) << text;
    }
}

TEST(PercentDecoded, refuses_broken_escapes) {
    for (const auto* text : {"%", "a%", "%4", "%4g", "%g4", "%-1", "%+1", "% 1", "%%41"}) {
        EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
    }
}

TEST(PercentEncoded, is_read_back_as_it_was) {
    EXPECT_EQ(percent_encoded("sf:r\u00e9 d/x?#%"), "sf%3Ar%C3%A9%20d%2Fx%3F%23%25");
    EXPECT_EQ(percent_decoded(percent_encoded("sf:r\u00e9 d/x?#%")), "sf:r\u00e9 d/x?#%");
}

TEST(TakeSegment, takes_a_path_apart_from_the_left) {
    std::string_view path = "a//b";
    EXPECT_EQ(take_segment(path), "a");
    EXPECT_EQ(take_segment(path), "");
    EXPECT_EQ(take_segment(path), "b");
    EXPECT_EQ(take_segment(path), "");
}

}  // namespace
}  // namespace offgrid
