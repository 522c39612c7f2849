// The same files through the reader of the format's authors (npm package "pmtiles").

#include "formats/base/hash.h"
#include "formats/pmtiles/compression.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::TempFolder;

/// What the peer reads of a file.
struct PeerAnswer {
    json header{};
    json metadata{};
    std::vector<std::string> tiles{};  ///< of each key: "absent" or the SHA-256
};

PeerAnswer ask_peer(const fs::path& file, const std::vector<TileKey>& keys) {
    const auto servers = fs::path{OFFGRID_SOURCE_DIR} / "tests/servers";
    if (!fs::exists(servers / "node_modules/pmtiles")) {
        throw std::runtime_error{fmt::format(
            "the npm package pmtiles is missing: `make test` installs it, as does `npm ci --prefix "
            "{}`",
            servers.string())};
    }
    test::RunOptions options;
    for (const auto& key : keys) {
        options.input += fmt::format("{} {} {}\n", key.z, key.x, key.y);
    }
    const auto result =
        test::run({"node", (servers / "read_pmtiles.mjs").string(), file.string()}, options);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::istringstream lines{result.out};
    PeerAnswer answer;
    std::string line;
    std::getline(lines, line);
    answer.header = json::parse(line);
    std::getline(lines, line);
    answer.metadata = json::parse(line);
    while (std::getline(lines, line)) {
        answer.tiles.push_back(line);
    }
    return answer;
}

/// As the peer says it.
std::string digest_of(const PmtilesReader& reader, const TileKey& key) {
    const auto tile = reader.get(key);
    return tile ? sha256_hex(pmtiles::decompressed(reader.header().tile_compression, tile->content,
                                                   64 << 20))
                : "absent";
}

void expect_equal_headers(const pmtiles::Header& ours, const json& theirs) {
    EXPECT_EQ(ours.root.offset, theirs["rootDirectoryOffset"]);
    EXPECT_EQ(ours.root.length, theirs["rootDirectoryLength"]);
    EXPECT_EQ(ours.metadata.offset, theirs["jsonMetadataOffset"]);
    EXPECT_EQ(ours.metadata.length, theirs["jsonMetadataLength"]);
    EXPECT_EQ(ours.leaves.length, theirs["leafDirectoryLength"]);
    EXPECT_EQ(ours.tiles.offset, theirs["tileDataOffset"]);
    EXPECT_EQ(ours.tiles.length, theirs["tileDataLength"]);
    EXPECT_EQ(ours.addressed_tiles, theirs["numAddressedTiles"]);
    EXPECT_EQ(ours.tile_entries, theirs["numTileEntries"]);
    EXPECT_EQ(ours.tile_contents, theirs["numTileContents"]);
    EXPECT_EQ(ours.is_clustered, theirs["clustered"]);
    EXPECT_EQ(static_cast<int>(ours.internal_compression), theirs["internalCompression"]);
    EXPECT_EQ(static_cast<int>(ours.tile_compression), theirs["tileCompression"]);
    EXPECT_EQ(static_cast<int>(ours.tile_type), theirs["tileType"]);
    EXPECT_EQ(ours.min_zoom, theirs["minZoom"]);
    EXPECT_EQ(ours.max_zoom, theirs["maxZoom"]);
    EXPECT_EQ(ours.center_zoom, theirs["centerZoom"]);
    EXPECT_NEAR(ours.south_west.longitude_e7, theirs["minLon"].get<double>() * 1e7, 0.5);
    EXPECT_NEAR(ours.south_west.latitude_e7, theirs["minLat"].get<double>() * 1e7, 0.5);
    EXPECT_NEAR(ours.north_east.longitude_e7, theirs["maxLon"].get<double>() * 1e7, 0.5);
    EXPECT_NEAR(ours.north_east.latitude_e7, theirs["maxLat"].get<double>() * 1e7, 0.5);
    EXPECT_NEAR(ours.center.longitude_e7, theirs["centerLon"].get<double>() * 1e7, 0.5);
    EXPECT_NEAR(ours.center.latitude_e7, theirs["centerLat"].get<double>() * 1e7, 0.5);
}

/// Compare the keys, one by one and as scans find them. How many are there.
std::size_t expect_equal(const fs::path& file, const std::vector<TileKey>& keys) {
    const PmtilesReader reader{{.file = file}};
    const auto peer = ask_peer(file, keys);
    expect_equal_headers(reader.header(), peer.header);
    EXPECT_EQ(reader.info().name, peer.metadata.value("name", ""));
    EXPECT_EQ(reader.info().attribution, peer.metadata.value("attribution", ""));
    EXPECT_EQ(peer.tiles.size(), keys.size());
    std::size_t there = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& [z, x, y] = keys[i];
        EXPECT_EQ(digest_of(reader, keys[i]), peer.tiles.at(i)) << z << '/' << x << '/' << y;
        std::size_t scanned = 0;
        reader.scan({z, x, y, x + 1, y + 1}, [&](const TileKey&, BytesView) { ++scanned; });
        EXPECT_EQ(scanned, peer.tiles[i] == "absent" ? 0U : 1U);
        there += scanned;
    }
    return there;
}

std::vector<TileKey> all_to(int max_zoom) {
    std::vector<TileKey> keys;
    for (int z = 0; z <= max_zoom; ++z) {
        for (std::int64_t i = 0; i < std::int64_t{1} << (2 * z); ++i) {
            keys.push_back({z, i >> z, i & ((std::int64_t{1} << z) - 1)});
        }
    }
    return keys;
}

TEST(PmtilesPeer, reads_the_same_in_files_of_other_programs) {
    for (const auto& file : test::shared_files("tiles/pmtiles")) {
        SCOPED_TRACE(file);
        const PmtilesReader reader{{.file = file}};
        EXPECT_EQ(expect_equal(file, all_to(4)), reader.header().addressed_tiles);
    }
}

TEST(PmtilesPeer, reads_what_is_written_here) {
    const TempFolder folder;
    const auto file = folder / "sea.pmtiles";
    {
        PmtilesWriter writer{{.file = file},
                             {.info = {.name = "Sea \"of\" tiles", .attribution = "© me"}}};
        for (const auto& key : all_to(5)) {
            if ((key.x + key.y) % 5 != 0) {
                const auto word = key.x < 9 ? "sea" : fmt::format("{} {}", key.x, key.y);
                writer.put(key, test::png_bytes(word));
            }
        }
        writer.commit();
    }
    EXPECT_EQ(expect_equal(file, all_to(6)),
              PmtilesReader({.file = file}).header().addressed_tiles);
    const auto peer = ask_peer(file, {});
    EXPECT_EQ(peer.metadata["type"], "baselayer");
    EXPECT_EQ(peer.header["tileType"], 2);
}

TEST(PmtilesPeer, finds_tiles_through_the_leaf_directories_that_are_written_here) {
    const TempFolder folder;
    const auto file = folder / "many.pmtiles";
    constexpr std::int64_t side = 400;
    std::vector<TileKey> some;
    {
        PmtilesWriter writer{{.file = file}, {}};
        for (std::int64_t i = 0; i < side * side; ++i) {
            const TileKey key{10, 300 + i % side, i / side};
            writer.put(key, test::png_bytes(std::to_string(i % 150'000)));
            if (i % 1009 == 0) {
                some.push_back(key);
                some.push_back({10, key.x - side, key.y});
            }
        }
        writer.commit();
    }
    std::erase_if(some, [](const TileKey& key) { return key.x < 0; });
    const PmtilesReader reader{{.file = file}};
    ASSERT_GT(reader.header().leaves.length, 0U);
    EXPECT_EQ(reader.header().tile_contents, 150'000U);
    EXPECT_GT(expect_equal(file, some), 150U);
}

TEST(PmtilesPeer, decompresses_the_vector_tiles_that_are_written_here) {
    const TempFolder folder;
    const auto file = folder / "vector.pmtiles";
    {
        PmtilesWriter writer{{.file = file}, {}};
        for (const auto& key : all_to(2)) {
            writer.put(key, pmtiles::gzipped(as_bytes(fmt::format("tile {} {}", key.x, key.y))));
        }
        writer.commit();
    }
    EXPECT_EQ(expect_equal(file, all_to(3)), 21U);
}

}  // namespace
}  // namespace offgrid
