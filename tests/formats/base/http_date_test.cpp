#include "formats/base/http_date.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

// RFC 9110, section 5.6.7, has this example.
constexpr const char* example = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto example_time = sys_days{year{1994} / 11 / 6} + std::chrono::seconds{31'777};

TEST(HttpDate, is_written_and_read_as_the_standard_has_it) {
    EXPECT_EQ(http_date(example_time), example);
    EXPECT_EQ(parse_http_date(example), example_time);
    EXPECT_EQ(http_date(sys_days{year{2024} / 2 / 29}), "Thu, 29 Feb 2024 00:00:00 GMT");
    EXPECT_EQ(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"),
              sys_days{year{9999} / 12 / 31} + std::chrono::seconds{86'399});
}

TEST(HttpDate, is_nothing_where_the_text_is_no_date) {
    for (const auto* text :
         {"", "yesterday", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
          "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -123 08:49:37 GMT",
          "Mon, 06 Nov -123 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace offgrid
