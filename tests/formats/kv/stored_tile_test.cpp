#include "formats/kv/stored_tile.h"

#include "formats/image/blank.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <cstring>

namespace offgrid {
namespace {

using std::chrono::system_clock;
using test::throws;
using testing::HasSubstr;

TileKeys keys() {
    return TileKeys::slashed("my cache", {.values = {.tileset = "t", .extension = "png"}});
}

/// As MapCache writes it: the content and the time.
Bytes value_of(std::string_view content, std::int64_t microseconds) {
    Bytes value{content.begin(), content.end()};
    value.resize(content.size() + sizeof microseconds);
    std::memcpy(value.data() + content.size(), &microseconds, sizeof microseconds);
    return value;
}

TEST(StoredTile, says_content_and_time) {
    const auto value = value_of("tile", 1'700'000'000'123'456);
    const StoredTile stored{value, keys(), {}};
    EXPECT_EQ(as_text(stored.tile().content), "tile");
    EXPECT_EQ(stored.stored_bytes(), 4);
    EXPECT_EQ(stored.modified(),
              system_clock::time_point{std::chrono::microseconds{1'700'000'000'123'456}});
}

TEST(StoredTile, is_written_with_the_present_time) {
    const auto before = system_clock::now();
    const auto value = stored_value(as_bytes("tile"), keys(), {});
    const StoredTile stored{value, keys(), {}};
    EXPECT_EQ(as_text(stored.content()), "tile");
    EXPECT_GE(*stored.modified(), std::chrono::floor<std::chrono::microseconds>(before));
    EXPECT_LE(*stored.modified(), system_clock::now());
}

TEST(StoredTile, does_not_know_a_time_that_no_clock_shows) {
    for (const auto time : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 62,
                            std::numeric_limits<std::int64_t>::min()}) {
        const auto value = value_of("tile", time);
        EXPECT_EQ((StoredTile{value, keys(), {}}.modified()), std::nullopt) << time;
    }
}

TEST(StoredTile, makes_an_image_of_the_mark_of_a_blank_tile) {
    const auto value = value_of("#\x1e\x14\x0a\xff", 1);
    const StoredTile stored{value, keys(), {}};
    EXPECT_EQ(stored.stored_bytes(), 5);
    const auto colour = blank_colour_of(stored.content());
    ASSERT_TRUE(colour);
    EXPECT_EQ(colour->bgra, (std::array<std::uint8_t, 4>{0x1e, 0x14, 0x0a, 0xff}));
}

TEST(StoredTile, takes_no_other_content_for_a_mark) {
    for (const std::string_view content : {"#", "#abc", "#abcde"}) {
        const auto value = value_of(content, 1);
        EXPECT_EQ(as_text(StoredTile(value, keys(), {}).content()), content);
    }
}

TEST(StoredTile, refuses_a_value_without_a_tile) {
    for (const std::size_t size : {0, 1, 7, 8}) {
        const Bytes value(size, 'x');
        EXPECT_THAT(([&] { StoredTile(value, keys(), {}); }),
                    throws(Errc::corrupt, HasSubstr("my cache")))
            << size;
    }
}

TEST(StoredTile, is_not_written_empty) {
    EXPECT_THAT([] { stored_value({}, keys(), {}); },
                throws(Errc::invalid_argument, HasSubstr("empty")));
}

}  // namespace
}  // namespace offgrid
