#include "formats/gwc/properties.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::gwc {
namespace {

using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(Properties, are_read_as_java_reads_them) {
    using Pairs = std::map<std::string, std::string>;
    const std::vector<std::pair<std::string, Pairs>> cases{
        {"", {}},
        {"a=b", {{"a", "b"}}},
        {"  a = b \r\nc:d\rd e", {{"a", "b "}, {"c", "d"}, {"d", "e"}}},
        {"# x=y\n! z\n\n  # w\na=#b", {{"a", "#b"}}},
        {"a=one, \\\n   two\\\r\n\tthree", {{"a", "one, twothree"}}},
        {"a=b\\\\\nc=d", {{"a", "b\\"}, {"c", "d"}}},
        {"a\\ b\\=c=d\\te\\nf", {{"a b=c", "d\te\nf"}}},
        {"a=\\u00e9\\u20AC\\ud83d\\uDE00", {{"a", "é€😀"}}},
        {"a=\\ud83d.", {{"a", "\xEF\xBF\xBD."}}},
        {"key", {{"key", ""}}},
        {"a = = b", {{"a", "= b"}}},
        {"a=1\na=2", {{"a", "2"}}},
        {"a=b\\", {{"a", "b"}}},
    };
    for (const auto& [text, pairs] : cases) {
        EXPECT_EQ(parse_properties(text), pairs) << text;
    }
}

TEST(Properties, refuse_what_is_no_character) {
    for (const auto* text : {"a=\\u12", "a=\\u12x4", "a=\\u", "a=\\ud83d\\u1"}) {
        EXPECT_THROW(parse_properties(text), Error) << text;
    }
}

TEST(LayerProperties, refuse_what_is_no_bounds_type_or_zoom) {
    for (const auto& [text, message] : {std::pair{"bounds=1,2,3", "minx,miny,maxx,maxy"},
                                        {"bounds=1,2,3,4,5", "maxy"},
                                        {"bounds=a,2,3,4", "bounds"},
                                        {"bounds=1,2,3,inf", "bounds"},
                                        {"type=map", "'map'"},
                                        {"minZoom=x", "minZoom"},
                                        {"maxZoom=1.5", "maxZoom"}}) {
        EXPECT_THAT([text = text] { parse_layer_properties(text); },
                    throws(Errc::invalid_argument, HasSubstr(message)));
    }
}

// MD-04
TEST(LayerProperties, are_found_by_the_escaped_name_with_both_extensions) {
    const test::TempFolder folder;
    test::write_file(folder / "topp_states.properties", "description=of properties");
    test::write_file(folder / "topp_states.metadata", "description=of metadata");
    test::write_file(folder / "tiger_roads.metadata", "description=roads");
    test::write_file(folder / "notes.txt", "description=no");
    const auto all = load_layer_properties(folder.path(), [](const std::string&) { FAIL(); });
    EXPECT_THAT(
        all,
        ElementsAre(
            Pair("tiger_roads", testing::Field(&LayerProperties::description, "roads")),
            Pair("topp_states", testing::Field(&LayerProperties::description, "of properties"))));
    EXPECT_THAT(load_layer_properties(folder / "none", [](const std::string&) { FAIL(); }),
                IsEmpty());
}

// MD-05
TEST(LayerProperties, of_a_file_that_cannot_be_used_are_told_and_left_out) {
    const test::TempFolder folder;
    test::write_file(folder / "bad.properties", "bounds=here");
    test::write_file(folder / "good.properties", "version=2");
    test::write_file(folder / "large.properties", std::string(2 << 20, 'x'));
    std::vector<std::string> warnings;
    const auto all = load_layer_properties(
        folder.path(), [&](const std::string& message) { warnings.push_back(message); });
    EXPECT_THAT(all, ElementsAre(Pair("good", testing::_)));
    EXPECT_THAT(warnings,
                testing::UnorderedElementsAre(HasSubstr("bad.properties is not used: bounds"),
                                              HasSubstr("large.properties is not used")));
}

}  // namespace
}  // namespace offgrid::gwc
