#include "formats/tile/srs.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace offgrid {
namespace {

using testing::HasSubstr;

TEST(Srs, is_read_however_it_is_written) {
    for (const auto& [text, srs] :
         {std::pair{"EPSG:3857", "EPSG:3857"},
          {"[EPSG:3857]", "EPSG:3857"},
          {"http://www.opengis.net/def/crs/EPSG/0/3857", "EPSG:3857"},
          {"https://www.opengis.net/def/crs/EPSG/9.8.15/3857", "EPSG:3857"},
          {"urn:ogc:def:crs:EPSG::3857", "EPSG:3857"},
          {"urn:ogc:def:crs:EPSG:6.18:3857", "EPSG:3857"},
          {"urn:x-ogc:def:crs:EPSG::3857", "EPSG:3857"},
          {"http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84"},
          {"urn:ogc:def:crs:OGC:1.3:CRS84", "OGC:CRS84"},
          {"urn:ogc:def:crs:OGC:2:84", "OGC:CRS84"},
          {"CRS:84", "OGC:CRS84"},
          {"IAU_2015:49900", "IAU_2015:49900"}}) {
        EXPECT_EQ(parse_srs(text), srs) << text;
    }
    for (const auto* const text :
         {"", ":", "EPSG", "EPSG:", ":3857", "EPSG:3857 ", "EPSG:38\n57", "EPSG:1:2", "[]",
          "http://www.opengis.net/def/crs/", "http://www.opengis.net/def/crs/EPSG",
          "http://www.opengis.net/def/crs/EPSG/0/", "http://www.opengis.net/def/crs/EPSG/0/a/b",
          "urn:ogc:def:crs:EPSG", "http://example.org/EPSG/0/3857", "+proj=longlat"}) {
        EXPECT_EQ(parse_srs(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_srs("EPSG:" + std::string(100, '1')), std::nullopt);
}

TEST(Srs, has_the_uri_that_is_read_back) {
    for (const auto* const srs : {"EPSG:3857", "OGC:CRS84", "IAU_2015:49900"}) {
        EXPECT_EQ(parse_srs(uri_of_srs(srs)), srs);
    }
    for (const auto* const srs : {"", "EPSG", "EPSG:", "EPSG:a b", "+init=epsg:2056"}) {
        EXPECT_THAT([&] { uri_of_srs(srs); },
                    test::throws(Errc::invalid_argument, HasSubstr("AUTHORITY:CODE")))
            << srs;
    }
}

TEST(Srs, says_which_axis_comes_first) {
    for (const auto* const srs : {"EPSG:4326", "EPSG:4258", "EPSG:4269", "EPSG:7844"}) {
        EXPECT_EQ(northern_first_axis(srs), NorthernAxis::latitude) << srs;
        EXPECT_TRUE(is_geographic(srs));
    }
    for (const auto* const srs : {"EPSG:3035", "EPSG:2193", "EPSG:3006", "EPSG:3034"}) {
        EXPECT_EQ(northern_first_axis(srs), NorthernAxis::n_or_y) << srs;
    }
    for (const auto* const srs : {"EPSG:31467", "EPSG:2180", "EPSG:28404", "EPSG:31700"}) {
        EXPECT_EQ(northern_first_axis(srs), NorthernAxis::x) << srs;
    }
    for (const auto* const srs : {"EPSG:3857", "EPSG:2056", "EPSG:27700", "EPSG:25832", "OGC:CRS84",
                                  "EPSG:900913", "EPSG:1", "nowhere"}) {
        EXPECT_EQ(northern_first_axis(srs), std::nullopt) << srs;
    }
    EXPECT_TRUE(is_geographic("OGC:CRS84"));
    EXPECT_FALSE(is_geographic("EPSG:2056"));
}

}  // namespace
}  // namespace offgrid
