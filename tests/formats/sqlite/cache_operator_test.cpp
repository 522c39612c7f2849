// What an operator says of a cache beyond its files: pragmas and statements.

#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid::sqlite {
namespace {

using namespace std::chrono_literals;
using test::png_bytes;
using test::TempFolder;
using test::throws;
using testing::HasSubstr;

struct CacheOperatorTest : testing::Test {
    void put(CacheWriter& cache, std::int64_t x) const {
        cache.put({9, x, 0}, png_bytes(std::to_string(x)));
    }

    TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
    CacheOptions options = cache_in(folder / "c.db");
    TilesetSlice slice = slice_on();
};

TEST_F(CacheOperatorTest, a_reader_refuses_a_pragma_that_is_more_than_a_word) {
    options.pragmas = {{"x;y", "z"}};
    EXPECT_THAT([&] { CacheReader(options, slice, *pool); },
                throws(Errc::invalid_argument, HasSubstr("cache 'c': pragma 'x;y'")));
}

TEST_F(CacheOperatorTest, a_reader_sets_pragmas_that_only_concern_its_connection) {
    {
        CacheWriter cache{options, slice};
        put(cache, 0);
        cache.commit();
    }
    options.pragmas = {{"cache_size", "123"}, {"user_version", "7"}};
    options.queries.get =
        "select cast(cache_size || '/' || user_version as blob)"
        " from pragma_cache_size, pragma_user_version";
    EXPECT_EQ(as_text(CacheReader(options, slice, *pool).get({0, 0, 0})->content), "123/0");
}

TEST_F(CacheOperatorTest, the_pragma_busy_timeout_is_the_one_that_holds) {
    options.pragmas = {{"busy_timeout", "1"}};
    options.write_timeout = 60s;
    {
        CacheWriter cache{options, slice};
        put(cache, 0);
        cache.commit();
    }
    CacheWriter cache{options, slice};
    Db other{folder / "c.db", OpenMode::update};
    other.execute("begin immediate");
    EXPECT_THAT([&] { put(cache, 1); }, throws(Errc::busy, HasSubstr("locked")));
}

TEST_F(CacheOperatorTest, a_pragma_that_would_be_ignored_for_safety_is_refused) {
    options.pragmas = {{"journal_mode", "Off"}};
    EXPECT_THAT([&] { CacheWriter(options, slice); },
                throws(Errc::unsupported, HasSubstr("pragma 'journal_mode' with the value 'Off'")));
    EXPECT_NO_THROW(CacheReader(options, slice, *pool)) << "a reader does not set it";
}

TEST_F(CacheOperatorTest, a_statement_may_join_as_many_tables_as_it_likes) {
    std::string get;
    for (int z = 0; z < 30; ++z) {
        execute(options.file, fmt::format("create table t{0}(x, y, d);"
                                          "insert into t{0} values(0, 0, 'at {0}')",
                                          z));
        get += fmt::format("{}select d from t{} where :z={} and x=:x and y=:inv_y",
                           z > 0 ? " union all " : "", z, z);
    }
    options.queries.get = get;
    const auto tile = CacheReader(options, slice, *pool).get({21, 0, 0});
    ASSERT_TRUE(tile);
    EXPECT_EQ(as_text(tile->content), "at 21");
}

TEST_F(CacheOperatorTest, a_statement_may_be_as_deep_as_it_likes) {
    execute(options.file, "create table t(z, d); insert into t values(21, 'w')");
    options.queries.get = "select d from t where z=:z and (z=0";
    for (int z = 1; z < 30; ++z) {
        options.queries.get += fmt::format(" or z={}", z);
    }
    options.queries.get += ")";
    EXPECT_TRUE(CacheReader(options, slice, *pool).get({21, 0, 0}));
}

TEST_F(CacheOperatorTest, what_is_empty_is_absent_for_get_and_exists) {
    execute(options.file, "create table t(d); insert into t values(x'')");
    options.queries.get = "select d from t";
    const CacheReader reader{options, slice, *pool};
    EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    EXPECT_FALSE(reader.exists({0, 0, 0}));
}

TEST_F(CacheOperatorTest, a_time_that_no_clock_tells_is_not_known) {
    execute(options.file, "create table t(d, c); insert into t values('w', 253402214400)");
    for (const auto* when : {"c", "-c", "9223372036854775807", "-9223372036854775807-1"}) {
        options.queries.get = fmt::format("select d, {} from t", when);
        const auto tile = CacheReader(options, slice, *pool).get({0, 0, 0});
        ASSERT_TRUE(tile);
        EXPECT_EQ(tile->modified, std::nullopt) << when;
    }
}

}  // namespace
}  // namespace offgrid::sqlite
