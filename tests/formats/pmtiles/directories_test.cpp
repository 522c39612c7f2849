#include "formats/pmtiles/directories.h"

#include "formats/pmtiles/compression.h"
#include "formats/pmtiles/header.h"
#include "formats/pmtiles/hilbert.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace offgrid::pmtiles {
namespace {

Directory unzip(BytesView bytes, const DirectoryLimits& limits) {
    return parse_directory(decompressed(Compression::gzip, bytes, max_directory_bytes), limits);
}

/// Entries that do not compress well: gaps and lengths by chance.
Directory uneven_entries(std::size_t count) {
    std::mt19937_64 random{7};  // the same each time
    Directory entries;
    std::uint64_t id = 0;
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < count; ++i) {
        id += 1 + random() % 1000;
        const auto length = static_cast<std::uint32_t>(1 + random() % 30'000);
        entries.push_back({id, offset, length, 1});
        offset += length;
    }
    return entries;
}

/// All entries below the root, which must fit into the first request.
Directory read_all(const Directories& directories) {
    EXPECT_LT(header_bytes + directories.root.size(), first_request_bytes);
    const DirectoryLimits limits{.end_id = end_of_ids,
                                 .tile_bytes = std::uint64_t{1} << 50,
                                 .leaf_bytes = directories.leaves.size()};
    Directory all;
    for (const auto& entry : unzip(directories.root, limits)) {
        if (!entry.is_leaf()) {
            all.push_back(entry);
            continue;
        }
        const auto leaf =
            unzip(BytesView{directories.leaves}.subspan(entry.offset, entry.length), limits);
        EXPECT_EQ(leaf.front().tile_id, entry.tile_id);
        all.insert(all.end(), leaf.begin(), leaf.end());
    }
    return all;
}

Directories make(const Directory& entries) {
    return make_directories(
        [&](const auto& visit) {
            for (const auto& entry : entries) {
                visit(entry);
            }
        },
        entries.size());
}

TEST(PmtilesDirectories, keep_few_entries_in_the_root) {
    const auto entries = uneven_entries(1000);
    const auto directories = make(entries);
    EXPECT_TRUE(directories.leaves.empty());
    EXPECT_EQ(read_all(directories), entries);
}

TEST(PmtilesDirectories, divide_many_entries_into_leaves) {
    const auto entries = uneven_entries(300'000);
    const auto directories = make(entries);
    EXPECT_FALSE(directories.leaves.empty());
    EXPECT_EQ(read_all(directories), entries);
}

/// Root entries of leaves cost some bytes each, so that 3500 do not fit when they are uneven.
TEST(PmtilesDirectories, make_leaves_larger_until_the_root_fits) {
    constexpr std::uint64_t count = 14'000'000;
    const EntrySource entries = [](const auto& visit) {
        std::mt19937_64 random{7};
        std::uint64_t id = 0;
        std::uint64_t offset = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            id += 1 + (i % 4096 == 0 ? random() % 100'000'000'000'000 : 0);
            visit({id, offset, 1, 1});
            offset += 1 + (i % 4096 == 0 ? random() % 1'000'000'000 : 0);
        }
    };
    const auto directories = make_directories(entries, count);
    EXPECT_LT(header_bytes + directories.root.size(), first_request_bytes);
    const auto root =
        unzip(directories.root, {.end_id = end_of_ids, .leaf_bytes = directories.leaves.size()});
    EXPECT_GT(root.size(), 1000U);
    EXPECT_LT(root.size(), count / 4096);
}

}  // namespace
}  // namespace offgrid::pmtiles
