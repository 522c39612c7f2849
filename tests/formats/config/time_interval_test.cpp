#include "formats/config/time_interval.h"

#include <gtest/gtest.h>

namespace offgrid::config {
namespace {

constexpr std::int64_t day = 86'400;
constexpr std::int64_t start_of_2001 = 978'307'200;

TEST(TimeInterval, is_as_long_as_the_last_part_that_is_given) {
    struct Case {
        std::string_view text;
        TimeInterval interval;
    };
    for (const auto& [text, interval] : {
             Case{"2001", {start_of_2001, start_of_2001 + 365 * day}},
             Case{"2000", {start_of_2001 - 366 * day, start_of_2001}},
             Case{"2001-02", {start_of_2001 + 31 * day, start_of_2001 + 59 * day}},
             Case{"2000-12", {start_of_2001 - 31 * day, start_of_2001}},
             Case{"2001-01-02", {start_of_2001 + day, start_of_2001 + 2 * day}},
             Case{"2001-01-01T04Z", {start_of_2001 + 14'400, start_of_2001 + 18'000}},
             Case{"2001-01-01T04:05Z", {start_of_2001 + 14'700, start_of_2001 + 14'760}},
             Case{"2001-01-01T04:05:06Z", {start_of_2001 + 14'706, start_of_2001 + 14'707}},
             Case{"2000/2001", {start_of_2001 - 366 * day, start_of_2001 + 365 * day}},
             Case{"2001-01-01--2001-01-03", {start_of_2001, start_of_2001 + 3 * day}},
         }) {
        EXPECT_EQ(parse_time_intervals(text), std::vector{interval}) << text;
    }
}

TEST(TimeInterval, may_be_several_with_commas_between_them) {
    EXPECT_EQ(parse_time_intervals("2001-01-01,2001-01-03"),
              (std::vector<TimeInterval>{{start_of_2001, start_of_2001 + day},
                                         {start_of_2001 + 2 * day, start_of_2001 + 3 * day}}));
}

TEST(TimeInterval, is_nothing_for_what_is_no_time) {
    for (const auto* const text : {"",
                                   "200",
                                   "2001-",
                                   "2001-1",
                                   "2001-13",
                                   "2001-00",
                                   "2001-02-29",
                                   "2001-02-30",
                                   "20011",
                                   "2001-01-01T",
                                   "2001-01-01T04",
                                   "2001-01-01T24Z",
                                   "2001-01-01T04:60Z",
                                   "2001-01-01T04:05:06",
                                   "2001-01-01T04:05:06Zx",
                                   "2001-01-01 04Z",
                                   "-001",
                                   "2001/",
                                   "2002/2000",
                                   "2001,",
                                   ",2001",
                                   "now",
                                   "2001/2002/2003",
                                   "+001"}) {
        EXPECT_EQ(parse_time_intervals(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace offgrid::config
