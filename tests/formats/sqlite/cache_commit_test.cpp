// What becomes of tiles when a CacheWriter commits by itself and that fails.

#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid::sqlite {
namespace {

using namespace std::chrono_literals;
using test::png_bytes;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t max_open_files = 384;

struct CacheCommitTest : testing::Test {
    CacheCommitTest() {
        options.file = (folder / "{x}.db").string();
        options.path.xcount = 1;
    }

    void put(CacheWriter& cache, std::int64_t x) const {
        cache.put({9, x, 0}, png_bytes(std::to_string(x)));
    }

    std::string word_at(std::int64_t x) {
        return word_in(CacheReader{options, slice, *pool}.get({9, x, 0}));
    }

    TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
    CacheOptions options = cache_in("");
    TilesetSlice slice = slice_on();
};

TEST_F(CacheCommitTest,
       a_file_that_makes_room_and_cannot_be_committed_is_told_of_by_the_next_commit) {
    for (std::int64_t x = 0; x < 2; ++x) {
        CacheWriter first{options, slice};
        put(first, x);
        first.commit();
    }
    options.write_timeout = 20ms;
    CacheWriter cache{options, slice};
    cache.put({9, 0, 0}, png_bytes("new"));
    Db other{folder / "0.db", OpenMode::shared};
    auto reading = other.prepare("select data from tiles");
    ASSERT_TRUE(reading.step());
    for (std::int64_t x = 1; x <= max_open_files + 1; ++x) {
        EXPECT_NO_THROW(put(cache, x)) << "a tile of another file is not to blame";
    }
    reading.reset();
    EXPECT_THAT([&] { cache.commit(); },
                throws(Errc::busy, AllOf(HasSubstr("cache 'c'"), HasSubstr("0.db"),
                                         HasSubstr("since the last commit is lost"))));
    EXPECT_EQ(word_at(0), "0");
    EXPECT_EQ(word_at(max_open_files), std::to_string(max_open_files));
    EXPECT_EQ(word_at(max_open_files + 1), std::to_string(max_open_files + 1));
    EXPECT_NO_THROW(cache.commit()) << "told once";
}

TEST_F(CacheCommitTest, what_a_full_disk_took_is_told_of_when_the_file_has_made_room) {
    options.pragmas = {{"max_page_count", "60"}};
    CacheWriter cache{options, slice};
    cache.put({9, 0, 0}, png_bytes("kept, or told of"));
    EXPECT_THAT(
        [&] {
            cache.put({9, 0, 1}, png_bytes(std::string(400'000, 'x')));
        },
        throws(Errc::no_space, HasSubstr("0.db")));
    for (std::int64_t x = 1; x <= max_open_files + 1; ++x) {
        EXPECT_NO_THROW(put(cache, x));
    }
    bool has_told = false;
    try {
        cache.commit();
    } catch (const Error& error) {
        has_told = error.code() == Errc::no_space;
    }
    EXPECT_EQ(word_at(0) == "(absent)", has_told);
    EXPECT_EQ(word_at(1), "1");
}

TEST_F(CacheCommitTest, an_early_commit_that_a_reader_holds_up_is_made_good_by_the_next) {
    options.file = (folder / "c.db").string();
    {
        CacheWriter first{options, slice};
        put(first, 0);
        first.commit();
    }
    options.write_timeout = 20ms;
    CacheWriter cache{options, slice};
    Db other{folder / "c.db", OpenMode::shared};
    auto reading = other.prepare("select data from tiles");
    ASSERT_TRUE(reading.step());
    for (std::int64_t x = 1; x <= 40; ++x) {
        EXPECT_NO_THROW(cache.put({9, x, 0}, png_bytes(std::string(std::size_t{1} << 20, 'x'))));
    }
    reading.reset();
    EXPECT_NO_THROW(cache.commit());
    EXPECT_TRUE(CacheReader(options, slice, *pool).exists({9, 1, 0}));
}

}  // namespace
}  // namespace offgrid::sqlite
