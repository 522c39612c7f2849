#include "formats/tiff/tiff_store.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/formats/tiff/tiff_test.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <vector>

namespace offgrid {
namespace {

using test::jpeg_tile;
using test::mercator;
using test::slice_of;
using test::throws;
using test::TiffTest;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StrEq;

class TiffReaderTest : public TiffTest {
protected:
    static std::vector<TileKey> scanned(const TileReader& reader, const TileRange& range) {
        std::vector<TileKey> keys;
        reader.scan(range, [&](const TileKey& key, BytesView) { keys.push_back(key); });
        return keys;
    }

    static std::vector<TileKey> listed(const TileReader& reader, const std::string& file) {
        std::vector<TileKey> keys;
        reader.files()->list_tiles(
            file, [&](const TileKey& key, std::uint64_t /*bytes*/) { keys.push_back(key); });
        return keys;
    }
};

TEST_F(TiffReaderTest, takes_the_last_digit_of_a_tileset_for_no_zoom) {
    options_.file = (folder_ / "{tileset}{z}-{x}-{y}.tif").string();
    auto slice = slice_of(mercator());
    slice.values.tileset = "osm2";
    TiffWriter writer{options_, slice, locker_};
    writer.put({1, 1, 0}, jpeg_tile({1, 2, 3}));
    writer.commit();
    const TiffReader reader{options_, slice};

    EXPECT_THAT(scanned(reader, mercator().whole(1)), ElementsAre(TileKey{1, 1, 0}));
    ASSERT_THAT(reader.files()->list(), ElementsAre((folder_ / "osm21-0-0.tif").string()));
    EXPECT_THAT(listed(reader, reader.files()->list().front()), ElementsAre(TileKey{1, 1, 0}));
}

TEST_F(TiffReaderTest, has_no_tiles_at_zooms_beyond_the_grid) {
    store({1, 1, 0}, jpeg_tile({1, 2, 3}));
    const auto reading = reader();
    EXPECT_THAT(scanned(reading, {40, 0, 0, 10, 10}), IsEmpty());
    EXPECT_THAT(scanned(reading, {-1, 0, 0, 10, 10}), IsEmpty());
}

TEST_F(TiffReaderTest, leaves_the_errors_of_a_visitor_as_they_are) {
    store({1, 1, 0}, jpeg_tile({1, 2, 3}));
    const auto reading = reader();
    const auto fail = [](const TileKey& /*key*/, const auto& /*tile*/) {
        throw Error{Errc::busy, "cache 'target': locked"};
    };
    const auto is_left = throws(Errc::busy, StrEq("cache 'target': locked"));
    EXPECT_THAT([&] { reading.scan(mercator().whole(1), fail); }, is_left);
    EXPECT_THAT([&] { reading.list(mercator().whole(1), fail); }, is_left);
    const auto file = reading.files()->list().front();
    EXPECT_THAT([&] { reading.files()->list_tiles(file, fail); }, is_left);
}

}  // namespace
}  // namespace offgrid
