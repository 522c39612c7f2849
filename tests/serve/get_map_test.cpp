#include "serve/get_map.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// A whole request, with fields changed or, with no value, left out.
Fields request_1_1_1(const Fields& changes = {}) {
    Fields fields{{"VERSION", "1.1.1"}, {"LAYERS", "a"}, {"STYLES", ""},   {"SRS", "EPSG:3857"},
                  {"BBOX", "1,2,3,4"},  {"WIDTH", "10"}, {"HEIGHT", "20"}, {"FORMAT", "image/png"}};
    for (const auto& change : changes) {
        std::erase_if(fields, [&](const auto& field) { return field.first == change.first; });
        fields.push_back(change);
    }
    return fields;
}

std::variant<GetMap, WmsFailure> parsed(const Fields& fields) {
    Request request;
    for (const auto& [name, value] : fields) {
        request.query.push_back({name, value});
    }
    return parse_get_map(Query{request}, {.max_side = 100, .max_layers = 3});
}

GetMap map_of(const Fields& fields) {
    return std::get<GetMap>(parsed(fields));
}

TEST(GetMap, reads_each_field) {
    const auto map = map_of(request_1_1_1({{"LAYERS", "a,b c"},
                                           {"TRANSPARENT", "True"},
                                           {"BGCOLOR", "0x1020fF"},
                                           {"FORMAT", "IMAGE/jpeg"},
                                           {"BBOX", "-1.5, 2e1,3,40"},
                                           {"STYLES", "default,"},
                                           {"TILED", "true"}}));
    EXPECT_EQ(map.version, WmsVersion::v1_1_1);
    EXPECT_THAT(map.layers, testing::ElementsAre("a", "b c"));
    EXPECT_EQ(map.srs, "EPSG:3857");
    EXPECT_EQ(map.box, (Box{-1.5, 20, 3, 40}));
    EXPECT_EQ(map.width, 10);
    EXPECT_EQ(map.height, 20);
    EXPECT_EQ(map.encoding, Encoding::jpeg);
    EXPECT_TRUE(map.is_transparent);
    EXPECT_THAT(map.background, testing::ElementsAre(0x10, 0x20, 0xFF));
    EXPECT_TRUE(map.is_tiled);
}

TEST(GetMap, turns_the_axes_as_the_version_and_the_system_have_them) {
    struct Case {
        std::string version;
        std::string field;
        std::string srs;
        Box box;
    };
    for (const auto& [version, field, srs, box] : std::vector<Case>{
             {"1.1.1", "SRS", "EPSG:4326", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "EPSG:4326", {2, 1, 4, 3}},
             {"1.3.0", "CRS", "epsg:4326", {2, 1, 4, 3}},
             {"1.3.0", "CRS", "CRS:84", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "crs:84", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "ogc:crs84", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "EPSG:3857", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "EPSG:900913", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "EPSG:3035", {2, 1, 4, 3}},
             {"1.1.1", "SRS", "EPSG:3035", {1, 2, 3, 4}},
             {"1.3.0", "CRS", "urn:ogc:def:crs:EPSG::4326", {2, 1, 4, 3}},
         }) {
        const auto map = map_of(request_1_1_1({{"VERSION", version}, {"SRS", ""}, {field, srs}}));
        EXPECT_EQ(map.box, box) << version << ' ' << srs;
    }
}

TEST(GetMap, says_what_is_wrong_with_a_request) {
    struct Case {
        std::string field;
        std::string value;
        std::string code;
    };
    std::string many = "a";
    for (int i = 0; i < 1000; ++i) {
        many += ",a";
    }
    for (const auto& [field, value, code] : std::vector<Case>{
             {"LAYERS", "", "LayerNotDefined"},
             {"LAYERS", "a,,b", "LayerNotDefined"},
             {"LAYERS", many, "NoApplicableCode"},
             {"STYLES", "red", "StyleNotDefined"},
             {"STYLES", ",red", "StyleNotDefined"},
             {"SRS", "", "InvalidSRS"},
             {"BBOX", "", "NoApplicableCode"},
             {"BBOX", "1,2,3", "NoApplicableCode"},
             {"BBOX", "1,2,3,4,5", "NoApplicableCode"},
             {"BBOX", "1,2,3,x", "NoApplicableCode"},
             {"BBOX", "1,2,,4", "NoApplicableCode"},
             {"BBOX", "nan,2,3,4", "NoApplicableCode"},
             {"BBOX", "1,2,inf,4", "NoApplicableCode"},
             {"BBOX", "1,2,1e999,4", "NoApplicableCode"},
             {"BBOX", "-1e308,-1e308,1e308,1e308", "NoApplicableCode"},
             {"BBOX", "3,2,1,4", "NoApplicableCode"},
             {"BBOX", "1,4,3,2", "NoApplicableCode"},
             {"BBOX", "1,2,1,4", "NoApplicableCode"},
             {"WIDTH", "", "NoApplicableCode"},
             {"WIDTH", "0", "NoApplicableCode"},
             {"WIDTH", "-5", "NoApplicableCode"},
             {"WIDTH", "101", "NoApplicableCode"},
             {"WIDTH", "1000000000", "NoApplicableCode"},
             {"HEIGHT", "99999999999999999999", "NoApplicableCode"},
             {"HEIGHT", "1.5", "NoApplicableCode"},
             {"FORMAT", "", "InvalidFormat"},
             {"FORMAT", "image/tiff", "InvalidFormat"},
             {"BGCOLOR", "red", "NoApplicableCode"},
             {"BGCOLOR", "0x12345", "NoApplicableCode"},
             {"BGCOLOR", "0x-12345", "NoApplicableCode"},
         }) {
        const auto outcome = parsed(request_1_1_1({{field, value}}));
        const auto* const failure = std::get_if<WmsFailure>(&outcome);
        ASSERT_NE(failure, nullptr) << field << '=' << value;
        EXPECT_EQ(failure->code, code) << field << '=' << value;
        EXPECT_EQ(failure->status, 400);
    }
}

TEST(GetMap, takes_the_first_of_fields_that_are_repeated) {
    auto fields = request_1_1_1();
    fields.emplace_back("WIDTH", "77");
    EXPECT_EQ(map_of(fields).width, 10);
}

TEST(GetMap, wants_a_blank_picture_only_in_a_size_and_format_that_it_could_have) {
    const auto blank = [](const Fields& changes) {
        Request request;
        const auto fields = request_1_1_1(changes);
        for (const auto& [name, value] : fields) {
            request.query.push_back({name, value});
        }
        return blank_map(Query{request}, {.max_side = 100});
    };
    EXPECT_FALSE(blank({}));
    EXPECT_FALSE(blank({{"EXCEPTIONS", "XML"}}));
    EXPECT_TRUE(blank({{"EXCEPTIONS", "BLANK"}, {"LAYERS", ""}, {"BBOX", "x"}}));
    EXPECT_TRUE(blank({{"EXCEPTIONS", "application/vnd.ogc.se_inimage"}}));
    EXPECT_FALSE(blank({{"EXCEPTIONS", "BLANK"}, {"WIDTH", "1000000000"}}));
    EXPECT_FALSE(blank({{"EXCEPTIONS", "BLANK"}, {"FORMAT", "text/html"}}));
}

}  // namespace
}  // namespace offgrid
