#include "formats/config/pattern_dimension.h"
#include "formats/config/query_dimension.h"
#include "formats/config/values_dimension.h"
#include "formats/sqlite/sqlite.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::config {
namespace {

using test::throws;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ValuesDimension, keeps_the_letters_that_are_requested_as_mapcache_stores_them) {
    const ValuesDimension dimension{
        "d", "SUMMER", {"Summer", "Winter"}, LetterCase::does_not_count};
    EXPECT_THAT(dimension.resolve("wINTER"), ElementsAre("wINTER"));
    EXPECT_THAT(dimension.resolve(dimension.default_value()), ElementsAre("SUMMER"));
    EXPECT_THAT(dimension.resolve("autumn"), IsEmpty());
    EXPECT_THAT(dimension.values(), ElementsAre("Summer", "Winter"));
}

TEST(ValuesDimension, tells_letters_apart_when_it_must) {
    const ValuesDimension dimension{"d", "a", {"a", "A"}, LetterCase::counts};
    EXPECT_THAT(dimension.resolve("A"), ElementsAre("A"));
    const ValuesDimension one{"d", "a", {"a"}, LetterCase::counts};
    EXPECT_THAT(one.resolve("A"), IsEmpty());
}

TEST(PatternDimension, takes_what_matches_anywhere_as_it_is) {
    const PatternDimension dimension{"d", "1", R"(\d{4})"};
    EXPECT_THAT(dimension.resolve("in 2001, June"), ElementsAre("in 2001, June"));
    EXPECT_THAT(dimension.resolve("201"), IsEmpty());
    EXPECT_THAT(dimension.resolve(""), IsEmpty());
    EXPECT_THAT(dimension.values(), IsEmpty());
}

TEST(PatternDimension, gives_up_on_a_value_that_takes_for_ever_to_refuse) {
    const PatternDimension dimension{"d", "a", "^(a+)+$"};
    EXPECT_THAT(dimension.resolve(std::string(1000, 'a') + "b"), IsEmpty());
    EXPECT_THAT(dimension.resolve(std::string(1025, 'a')), IsEmpty());
}

TEST(PatternDimension, refuses_what_is_no_pattern) {
    EXPECT_THAT([] { PatternDimension("d", "a", "(a"); },
                throws(Errc::invalid_argument,
                       HasSubstr("'(a' is no regular expression: missing closing parenthesis")));
}

/// A file of dates, with the seconds of each since 1970, and a dimension that asks it.
struct Dates {
    Dates() {
        sqlite::Db db{folder / "d.db", sqlite::OpenMode::update};
        db.execute(
            "create table dates(tileset text, value text, at integer, west real);"
            "insert into dates values('t', '2001-01-01', 978307200, 5.5);"
            "insert into dates values('t', '2001-01-02', 978393600, 5.5);"
            "insert into dates values('t', '2001-06-01', 991353600, 5.5);"
            "insert into dates values('other', '2001-01-01x', 978307200, 5.5);");
    }

    QueryDimension dimension(const std::string& validate_query, bool is_time) const {
        return {"time",
                "2001",
                {.file = folder / "d.db",
                 .validate_query = validate_query,
                 .list_query = "select value from dates where tileset = :tileset",
                 .tileset = "t",
                 .srs = "EPSG:3857",
                 .extent = {5, 0, 6, 1},
                 .is_time = is_time}};
    }

    test::TempFolder folder;
};

TEST(QueryDimension, asks_the_file_what_a_value_means) {
    const Dates dates;
    const auto dimension = dates.dimension(
        "select value from dates where value = :dim and tileset = :tileset and west between :minx "
        "and :maxx and :gridsrs = 'EPSG:3857'",
        false);
    EXPECT_THAT(dimension.resolve("2001-01-02"), ElementsAre("2001-01-02"));
    EXPECT_THAT(dimension.resolve("2001-01-01x"), IsEmpty());
    EXPECT_THAT(dimension.resolve("' or 1 --"), IsEmpty());
    EXPECT_THAT(dimension.values(), ElementsAre("2001-01-01", "2001-01-02", "2001-06-01"));
}

TEST(QueryDimension, finds_the_values_in_intervals_of_time) {
    const Dates dates;
    const auto dimension = dates.dimension(
        "select value from dates where at >= :start_timestamp and at < :end_timestamp and tileset "
        "= :tileset",
        true);
    EXPECT_THAT(dimension.resolve("2001-01"), ElementsAre("2001-01-01", "2001-01-02"));
    EXPECT_THAT(dimension.resolve("2001-01-02,2001-03/2001-06"),
                ElementsAre("2001-01-02", "2001-06-01"));
    EXPECT_THAT(dimension.resolve("2000"), IsEmpty());
    EXPECT_THAT(dimension.resolve("yesterday"), IsEmpty());
}

TEST(QueryDimension, names_itself_and_the_file_when_it_cannot_ask) {
    const Dates dates;
    EXPECT_THAT(
        [&] { dates.dimension("select missing", false).resolve("1"); },
        throws(Errc::io, AllOf(HasSubstr("dimension 'time': "), HasSubstr("no such column"))));
    const QueryDimension missing{"time", "1", {.file = dates.folder / "none.db"}};
    EXPECT_THAT(
        [&] { missing.values(); },
        throws(Errc::not_found, AllOf(HasSubstr("dimension 'time': "), HasSubstr("none.db"))));
}

}  // namespace
}  // namespace offgrid::config
