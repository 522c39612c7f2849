#include "formats/gwc/file_template.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::gwc {
namespace {

using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr const char* usual = "{layer}/{grid}{format}{params}/{z}_{x}_{y}.sqlite";

std::string path(const char* text, const TilesetId& id, SouthTile tile = {},
                 std::int64_t columns = 1000, std::int64_t rows = 1000) {
    return FileTemplate{text, columns, rows}.render(id, tile);
}

TilesetId states(Parameters parameters = {}, const char* format = "image/jpeg") {
    return {"topp:states", "EPSG:900913", format, std::move(parameters)};
}

// PT-01
TEST(FileTemplate, names_the_file_of_a_tile_by_layer_grid_set_format_and_block) {
    EXPECT_EQ(
        path(usual, {"nurc:Pk50095", "EPSG:4326", "image/png", {}}, {11, 2100, 1700}, 250, 250),
        "nurc_Pk50095/EPSG_4326image_pngnull/11_2000_1500.sqlite");
}

// PT-02
TEST(FileTemplate, names_parameters_by_the_hash_of_their_plain_text) {
    EXPECT_EQ(path(usual, states({{"CQL_FILTER", "TOTPOP > 10000"}, {"STYLES", "pop hatch"}}),
                   {7, 0, 0}, 250, 250),
              "topp_states/EPSG_900913image_jpeg95bfe6d08300088d86d57c19308ba5ca57dbd368/"
              "7_0_0.sqlite");
}

// PT-03
TEST(FileTemplate, starts_a_block_at_each_multiple_of_its_counts) {
    EXPECT_THAT(path(usual, states({}, "image/png"), {7, 249, 250}, 250, 250),
                testing::EndsWith("7_0_250.sqlite"));
}

// PT-04
TEST(FileTemplate, needs_no_address_in_a_name) {
    EXPECT_EQ(path("tiles/{grid}/layers/{layer}.sqlite", {"europe", "wgs84", "image/png", {}}),
              "tiles/wgs84/layers/europe.sqlite");
}

// PT-05
TEST(FileTemplate, takes_terms_between_fixed_parts) {
    EXPECT_EQ(path("{grid}/tiles/{layer}/zoom-{z}/ranges_{x}-{y}.sqlite",
                   {"usa", "wgs84", "image/png", {}}, {15, 3024, 1534}),
              "wgs84/tiles/usa/zoom-15/ranges_3000-1000.sqlite");
}

// PT-06
TEST(FileTemplate, takes_the_value_of_a_parameter_for_any_other_term) {
    EXPECT_EQ(
        path("{background}-tiles/{grid}/{layer}-{style}/zoom-{z}/ranges{x}{y}.sqlite",
             {"america", "wgs84", "image/png", {{"STYLE", "default"}, {"BACKGROUND", "blue"}}},
             {15, 3024, 1534}),
        "blue-tiles/wgs84/america-default/zoom-15/ranges30001000.sqlite");
}

// PT-07
TEST(FileTemplate, counts_columns_and_rows_of_a_file_apart) {
    EXPECT_EQ(path("{format}-tiles/{grid}/{layer}-{style}/zoom-{z}/ranges-{x}_{y}.sqlite",
                   {"africa", "wgs84", "jpeg", {{"style", "dark borders"}}}, {11, 7050, 5075}, 1000,
                   2000),
              "jpeg-tiles/wgs84/africa-dark_borders/zoom-11/ranges-7000_4000.sqlite");
}

// PT-08
TEST(FileTemplate, escapes_slashes_and_colons_in_names) {
    EXPECT_EQ(
        path("{grid}/{format}/{layer}.sqlite", {"europe\\borders", "epsg:4326", "image/png", {}}),
        "epsg_4326/image_png/europe_borders.sqlite");
}

// PT-09
TEST(FileTemplate, takes_backslashes_for_slashes_and_unknown_terms_for_null) {
    const auto found =
        path("something-{layer}\\{grid-something}-something{grid}\\-el/se{format}/x-{params}",
             {"layer name", "grid set", "format/name", {}});
    EXPECT_EQ(found, "something-layer_name/null-somethinggrid_set/-el/seformat_name/x-null");
}

// PT-10
TEST(FileTemplate, takes_terms_in_any_case_and_runs_of_white_space_for_one) {
    EXPECT_EQ(path("{LAYER}/{Z}.sqlite", {"a \t\n b", "g", "image/png", {}}, {3, 0, 0}),
              "a_b/3.sqlite");
}

// PT-11
TEST(FileTemplate, refuses_a_term_that_appears_twice) {
    EXPECT_THAT([] { FileTemplate("{z}/{Z}.sqlite", 1, 1); },
                throws(Errc::invalid_argument, HasSubstr("'z' appears several times")));
}

// PT-12 PT-13
TEST(FileTemplate, takes_null_for_a_parameter_that_is_not_there_as_often_as_it_is_named) {
    EXPECT_EQ(path("{st}/{st}.sqlite", states()), "null/null.sqlite");
}

// PT-14
TEST(FileTemplate, refuses_values_that_would_leave_the_root) {
    for (const auto* value : {"..", ".", "", "a\x01", "a\x7F"}) {
        EXPECT_THAT(
            [&] {
                path("{layer}/{style}/{z}.sqlite", states({{"STYLE", value}}));
            },
            throws(Errc::invalid_argument, HasSubstr("parameter 'style'")))
            << value;
    }
    EXPECT_EQ(path("{layer}/{style}/{z}.sqlite", states({{"STYLE", "../.."}})),
              "topp_states/.._../0.sqlite");
    EXPECT_THROW(path("{a}{b}/{z}", states({{"A", ".x"}, {"B", std::string(300, 'y')}})), Error);
}

// PT-14
TEST(FileTemplate, refuses_texts_that_name_no_file_in_the_root) {
    for (const auto* text :
         {"", "/", "../{z}", "a/../{z}", "a/./{z}", "{z", "z}", "{}", "{{z}}", "a\n/{z}"}) {
        EXPECT_THROW(FileTemplate(text, 1, 1), Error) << text;
    }
    EXPECT_THROW(FileTemplate("{z}", 0, 1), Error);
    EXPECT_THROW(path("{layer}.sqlite", {"metadata", "g", "image/png", {}}), Error);
}

// PT-15
TEST(FileTemplate, finds_a_parameter_whatever_the_case_of_its_name) {
    for (const auto* name : {"Style", "STYLE", "style", "sTyLe"}) {
        EXPECT_EQ(path("{style}.sqlite", states({{name, "dark"}})), "dark.sqlite") << name;
    }
    EXPECT_EQ(path("{style}.sqlite", states({{"Style", "b"}, {"STYLE", "a"}, {"style", "c"}})),
              "a.sqlite");
}

// PT-16
TEST(ParametersId, is_the_hash_of_the_sorted_pairs_as_they_are) {
    EXPECT_EQ(parameters_id({}), "");
    EXPECT_EQ(parameters_id({{"testKey", "testValue1"}}),
              "ca2fec9f14c6799913f71bce68e009509478e0f9");
    EXPECT_EQ(parameters_id({{"testKey", "testValue2"}}),
              "c0e1c33cf8acb1e63b158f78dd90727bd0c8f973");
    EXPECT_EQ(parameters_id({{"STYLES", "polygon"}}), "f0023dc7bc347fee7a3a04dc797f2223f74e3448");
}

TEST(FileTemplate, reads_back_every_name_that_it_renders) {
    const FileTemplate names{usual, 250, 500};
    const auto id = states({{"STYLES", "x"}});
    const auto name = names.match(names.render(id, {12, 1600, 2600}), {.layer = "topp:states"});
    ASSERT_TRUE(name);
    EXPECT_EQ(name->z, 12);
    EXPECT_EQ(name->x, 1500);
    EXPECT_EQ(name->y, 2500);
}

TEST(FileTemplate, reads_no_name_that_it_cannot_have_rendered) {
    const FileTemplate names{usual, 250, 250};
    const std::string folder = "topp_states/EPSG_900913image_pngnull/";
    for (const auto* file :
         {"7_0_1.sqlite", "07_0_0.sqlite", "7_-250_0.sqlite", "7_0_0.sqlite-journal",
          "7_0_0xsqlite", "7_0_0.sqlite/x", "100_0_0.sqlite", "7_0_99999999999999999999.sqlite"}) {
        EXPECT_FALSE(names.match(folder + file, {})) << file;
    }
    EXPECT_TRUE(names.match(folder + "7_0_0.sqlite", {}));
    EXPECT_FALSE(names.match("7_0_0.sqlite", {}));
    EXPECT_FALSE(FileTemplate("{layer}.sqlite", 1, 1).match("metadata.sqlite", {}));
}

TEST(FileTemplate, tells_no_numbers_where_two_stand_side_by_side) {
    const FileTemplate names{"{layer}/{z}/{x}{y}.sqlite", 1000, 1000};
    const auto name = names.match("a/15/30001000.sqlite", {});
    ASSERT_TRUE(name);
    EXPECT_EQ(name->z, 15);
    EXPECT_EQ(name->x, std::nullopt);
    EXPECT_EQ(name->y, std::nullopt);
}

TEST(FileTemplate, gives_up_on_a_name_made_to_be_matched_for_ever) {
    const FileTemplate names{"{a}a{b}a{c}a{d}a{e}a{f}a{g}z", 1, 1};
    EXPECT_FALSE(names.match(std::string(250, 'a'), {}));
}

// --- ranges

std::map<std::string, std::vector<SouthRange>> parts(std::int64_t columns, std::int64_t rows,
                                                     const std::vector<SouthRange>& ranges) {
    return FileTemplate{"{z}/{x}-{y}", columns, rows}.parts_of(states(), ranges, 1000);
}

// RG-01
TEST(FileTemplate, splits_a_range_at_the_edges_of_files) {
    EXPECT_THAT(parts(10, 10, {{5, 9, 9, 12, 13}, {6, 16, 5, 16, 5}}),
                ElementsAre(Pair("5/0-0", ElementsAre(SouthRange{5, 9, 9, 9, 9})),
                            Pair("5/0-10", ElementsAre(SouthRange{5, 9, 10, 9, 13})),
                            Pair("5/10-0", ElementsAre(SouthRange{5, 10, 9, 12, 9})),
                            Pair("5/10-10", ElementsAre(SouthRange{5, 10, 10, 12, 13})),
                            Pair("6/10-0", ElementsAre(SouthRange{6, 16, 5, 16, 5}))));
}

// RG-02
TEST(FileTemplate, splits_columns_by_the_count_of_columns) {
    EXPECT_THAT(
        parts(1000, 250, {{12, 1500, 1500, 2600, 1600}}),
        ElementsAre(Pair("12/1000-1500", ElementsAre(SouthRange{12, 1500, 1500, 1999, 1600})),
                    Pair("12/2000-1500", ElementsAre(SouthRange{12, 2000, 1500, 2600, 1600}))));
}

// RG-03
TEST(FileTemplate, makes_no_inverted_range_of_wide_rows) {
    const auto found = parts(250, 1000, {{12, 1500, 1500, 2600, 1600}});
    EXPECT_THAT(
        found,
        ElementsAre(Pair("12/1500-1000", ElementsAre(SouthRange{12, 1500, 1500, 1749, 1600})),
                    Pair("12/1750-1000", ElementsAre(SouthRange{12, 1750, 1500, 1999, 1600})),
                    Pair("12/2000-1000", ElementsAre(SouthRange{12, 2000, 1500, 2249, 1600})),
                    Pair("12/2250-1000", ElementsAre(SouthRange{12, 2250, 1500, 2499, 1600})),
                    Pair("12/2500-1000", ElementsAre(SouthRange{12, 2500, 1500, 2600, 1600}))));
}

TEST(FileTemplate, refuses_to_count_the_files_of_a_range_without_end) {
    const std::int64_t far = std::int64_t{1} << 62;
    EXPECT_THAT([&] { parts(1, 1, {{30, 0, 0, far, far}}); }, throws(Errc::too_large, testing::_));
}

}  // namespace
}  // namespace offgrid::gwc
