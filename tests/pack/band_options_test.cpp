#include "pack/band_options.h"

#include "pack/job.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(BandOptions, are_read_as_they_are_meant) {
    EXPECT_THAT(parse_bands("4,3,2"), ElementsAre(4, 3, 2));
    EXPECT_THAT(parse_bands("1"), ElementsAre(1));
    EXPECT_THAT(parse_bands("1,2,3,7"), ElementsAre(1, 2, 3, 7));
    EXPECT_EQ(parse_stretch("none"), (Stretch{.kind = Stretch::Kind::none}));
    EXPECT_EQ(parse_stretch("auto"), (Stretch{.kind = Stretch::Kind::automatic}));
    EXPECT_EQ(parse_stretch("-0.5,3e3"),
              (Stretch{.kind = Stretch::Kind::given, .ranges = {{-0.5, 3000}}}));
    EXPECT_EQ(parse_stretch("0,1:2,3:4,5"),
              (Stretch{.kind = Stretch::Kind::given, .ranges = {{0, 1}, {2, 3}, {4, 5}}}));
    EXPECT_THAT(parse_nodata("-9999"), ElementsAre(-9999));
    EXPECT_THAT(parse_nodata("1,2.5,3"), ElementsAre(1, 2.5, 3));
    EXPECT_THAT(parse_nodata("none"), IsEmpty());
    EXPECT_TRUE(std::isnan(parse_nodata("nan").front()));
}

TEST(BandOptions, that_are_wrong_are_refused_by_name) {
    for (const char* const text : {"", "0", "1,2", "1,2,3,4,5", "a", "1,,3", "-1", "1,2,3,"}) {
        EXPECT_THAT([&] { parse_bands(text); },
                    throws(Errc::invalid_argument, HasSubstr("--bands " + std::string{text})));
    }
    for (const char* const text : {"", "all", "1", "2,1", "1,1", "0,nan", "0,inf", "0,1,2",
                                   "0,1:2,3", "0,1:", "0,1:2,3:4"}) {
        EXPECT_THAT([&] { parse_stretch(text); },
                    throws(Errc::invalid_argument, HasSubstr("--stretch " + std::string{text})));
    }
    for (const char* const text : {"", "zero", "1,2", "1,2,3,4", "1,", "0 "}) {
        EXPECT_THAT([&] { parse_nodata(text); },
                    throws(Errc::invalid_argument, HasSubstr("--nodata " + std::string{text})));
    }
}

TEST(BandOptions, are_the_same_in_a_job) {
    PackOptions options{.sources = {"a.tif"},
                        .order = SourceOrder::highest_resolution,
                        .bands = {.bands = {4, 3, 2},
                                  .stretch = parse_stretch("0,3000:0.1,2500:-1,1"),
                                  .nodata = parse_nodata("0,-3.4028234663852886e+38,7")}};
    options.bbox = Box{170, -5, -170, 5};

    const auto again = parse_job(to_json(options));

    EXPECT_EQ(again.order, options.order);
    EXPECT_EQ(again.bands, options.bands);
    EXPECT_EQ(again.bbox, options.bbox);
    EXPECT_EQ(to_json(again), to_json(options));
    EXPECT_EQ(parse_job(R"({"sources": ["a.tif"]})").bands, BandOptions{});
}

TEST(BandOptions, of_a_job_may_name_what_is_no_number) {
    for (const char* const nodata : {"none", "nan"}) {
        PackOptions options{.sources = {"/a.tif"}, .bands = {.nodata = parse_nodata(nodata)}};

        EXPECT_THAT(to_json(options), HasSubstr(nodata));
        EXPECT_EQ(to_json(parse_job(to_json(options))), to_json(options));
    }
}

}  // namespace
}  // namespace offgrid::test
