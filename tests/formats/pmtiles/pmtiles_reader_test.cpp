#include "formats/pmtiles/pmtiles_reader.h"

#include "formats/pmtiles/hilbert.h"
#include "tests/formats/pmtiles/raw_archive.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

namespace offgrid {
namespace {

using pmtiles::Directory;
using pmtiles::hilbert_id;
using test::archive_of;
using test::RawArchive;
using test::TempFolder;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct Pmtiles : testing::Test {
    PmtilesReader open(const RawArchive& archive) const {
        archive.write(path);
        return PmtilesReader{{.file = path}};
    }

    static std::string text_at(const TileReader& reader, const TileKey& key) {
        const auto tile = reader.get(key);
        return tile ? std::string{as_text(tile->content)} : "(absent)";
    }

    static std::map<TileKey, std::string> scanned(const TileReader& reader,
                                                  const TileRange& range) {
        std::map<TileKey, std::string> tiles;
        reader.scan(range, [&](const TileKey& key, BytesView content) {
            EXPECT_TRUE(tiles.emplace(key, as_text(content)).second);
        });
        return tiles;
    }

    TempFolder folder;
    const std::filesystem::path path = folder / "a.pmtiles";
};

TEST_F(Pmtiles, says_what_the_file_says_of_itself) {
    auto archive = archive_of({{1, 0, 1, 22}});
    archive.header.south_west = {-1'800'000'000, -850'511'300};
    archive.header.north_east = {425'000'000, 100'000'000};
    const std::string json =
        R"({"name":"Roads","attribution":"me","description":7,"vector_layers":[{"id":"a"}],"x":{}})";
    archive.metadata.assign(json.begin(), json.end());
    const auto reader = open(archive);
    const auto& info = reader.info();
    EXPECT_EQ(info.name, "Roads");
    EXPECT_EQ(info.attribution, "me");
    EXPECT_EQ(info.description, "") << "no text";
    EXPECT_EQ(info.format, TileFormat::png);
    EXPECT_EQ(info.min_zoom, 1);
    EXPECT_EQ(info.max_zoom, 3) << "ids 1 to 22, whatever the header says";
    EXPECT_NEAR(info.bounds->min_x, -180, 1e-9);
    EXPECT_NEAR(info.bounds->max_x, 42.5, 1e-9);
    EXPECT_EQ(reader.vector_layers(), R"([{"id":"a"}])");
}

TEST_F(Pmtiles, knows_no_bounds_where_the_header_has_none) {
    EXPECT_EQ(open(archive_of({{0, 0, 1, 1}})).info().bounds, std::nullopt);
}

TEST_F(Pmtiles, is_read_without_the_metadata_that_is_no_json) {
    auto archive = archive_of({{0, 0, 1, 1}});
    archive.metadata = {'{', '"'};
    EXPECT_EQ(open(archive).info().name, "");
}

TEST_F(Pmtiles, gives_the_tiles_of_a_run) {
    const auto reader = open(archive_of({{1, 0, 2, 3}, {6, 4, 2, 1}}));
    EXPECT_EQ(text_at(reader, {1, 0, 0}), "ab");
    EXPECT_EQ(text_at(reader, {1, 0, 1}), "ab");
    EXPECT_EQ(text_at(reader, {1, 1, 1}), "ab");
    EXPECT_EQ(text_at(reader, {1, 1, 0}), "(absent)");
    EXPECT_EQ(text_at(reader, pmtiles::key_of(6)), "ef");
    EXPECT_EQ(text_at(reader, {0, 0, 0}), "(absent)");
}

TEST_F(Pmtiles, scans_only_the_zoom_of_a_run_that_goes_on_into_the_next) {
    const auto reader = open(archive_of({{0, 0, 1, 10}}));
    EXPECT_THAT(scanned(reader, {1, 0, 0, 2, 2}).size(), 4);
    EXPECT_THAT(scanned(reader, {1, 1, 0, 2, 1}), ElementsAre(Pair(TileKey{1, 1, 0}, "a")));
    EXPECT_THAT(scanned(reader, {2, 0, 0, 4, 4}).size(), 5);
    EXPECT_THAT(scanned(reader, {3, 0, 0, 8, 8}), IsEmpty());
}

/// A root of tiles and leaves, a leaf of tiles and leaves.
TEST_F(Pmtiles, finds_tiles_through_leaves_below_leaves) {
    auto archive = archive_of({{0, 0, 1, 1}, {1, 0, 9, 0}, {21, 9, 1, 1}});
    const auto upper = to_bytes(Directory{{1, 1, 1, 1}, {2, 9, 9, 0}});
    const auto lower = to_bytes(Directory{{2, 2, 1, 2}, {15, 3, 1, 1}});
    ASSERT_EQ(upper.size(), 9U);
    ASSERT_EQ(lower.size(), 9U);
    archive.leaves = upper;
    archive.leaves.insert(archive.leaves.end(), lower.begin(), lower.end());
    const auto reader = open(archive);
    for (const auto& [id, text] : std::map<std::uint64_t, std::string>{{0, "a"},
                                                                       {1, "b"},
                                                                       {2, "c"},
                                                                       {3, "c"},
                                                                       {4, "(absent)"},
                                                                       {14, "(absent)"},
                                                                       {15, "d"},
                                                                       {16, "(absent)"},
                                                                       {21, "j"},
                                                                       {22, "(absent)"}}) {
        EXPECT_EQ(text_at(reader, pmtiles::key_of(id)), text) << id;
    }
    EXPECT_EQ(scanned(reader, {1, 0, 0, 2, 2}).size(), 3U);
    EXPECT_EQ(scanned(reader, {2, 0, 0, 4, 4}).size(), 1U);
    EXPECT_EQ(scanned(reader, {3, 0, 0, 8, 8}).size(), 1U);
}

/// Looking at each tile of the deepest zoom in turn would take years.
TEST_F(Pmtiles, skips_the_parts_of_a_zoom_that_are_empty_or_not_asked_for) {
    const std::int64_t last = (std::int64_t{1} << 30) - 1;
    const auto first = pmtiles::first_id_of(30);
    const auto reader = open(archive_of({{first, 0, 1, 4'000'000'000},
                                         {hilbert_id({30, last, last}), 1, 1, 1},
                                         {hilbert_id({30, last, 0}), 2, 1, 1}}));
    EXPECT_THAT(scanned(reader, {30, last, 0, last + 1, last + 1}),
                ElementsAre(Pair(TileKey{30, last, 0}, "c"), Pair(TileKey{30, last, last}, "b")));
    EXPECT_THAT(scanned(reader, {30, 5, 7, 6, 8}), ElementsAre(Pair(TileKey{30, 5, 7}, "a")));
    EXPECT_EQ(scanned(reader, {30, 17, 0, 18, 100}).size(), 100U);
}

TEST_F(Pmtiles, lists_sizes_without_reading_tiles) {
    auto archive = archive_of({{0, 0, 7, 1}});
    const auto reader = open(archive);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
    std::vector<std::uint64_t> sizes;
    reader.list({0, 0, 0, 1, 1},
                [&](const TileKey&, std::uint64_t bytes) { sizes.push_back(bytes); });
    EXPECT_THAT(sizes, ElementsAre(7));
    EXPECT_TRUE(reader.exists({0, 0, 0}));
}

TEST_F(Pmtiles, is_served_while_another_takes_its_name) {
    const auto reader = open(archive_of({{0, 0, 1, 1}}, "old"));
    archive_of({{0, 0, 1, 1}}, "new").write(folder / "b.pmtiles");
    std::filesystem::rename(folder / "b.pmtiles", path);
    EXPECT_EQ(text_at(reader, {0, 0, 0}), "o");
}

TEST_F(Pmtiles, has_no_other_grid_than_web_mercator) {
    archive_of({{0, 0, 1, 1}}).write(path);
    EXPECT_THAT([&] { PmtilesReader({.file = path}, Grid::wgs84()); },
                throws(Errc::unsupported, HasSubstr("not those of 'WGS84'")));
}

}  // namespace
}  // namespace offgrid
