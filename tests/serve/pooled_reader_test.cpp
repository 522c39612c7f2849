#include "serve/pooled_reader.h"

#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "tests/serve/no_descriptors.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

constexpr TileKey world{0, 0, 0};

struct PooledReaders : testing::Test {
    PooledReader open(const std::string& name) {
        const auto path = folder / name;
        PmtilesWriter writer{{.file = path}, {}};
        writer.put(world, png_bytes(name));
        writer.commit();
        return {path.string(),
                [path] {
                    return OpenReader{
                        .tiles = std::make_unique<PmtilesReader>(PmtilesOptions{.file = path})};
                },
                readers};
    }

    TempFolder folder;
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(8);
    std::shared_ptr<ReaderPool> readers = make_reader_pool(8, *pool);
};

TEST_F(PooledReaders, close_idle_files_when_the_process_is_out_of_descriptors) {
    const auto a = open("a");
    const auto b = open("b");
    readers->close_all_idle();
    EXPECT_EQ(word_in(b.get(world)), "b");
    const NoDescriptors none;
    EXPECT_EQ(word_in(a.get(world)), "a");
}

TEST_F(PooledReaders, are_busy_while_the_process_has_no_descriptor_at_all) {
    const auto a = open("a");
    readers->close_all_idle();
    {
        const NoDescriptors none;
        EXPECT_THAT([&] { a.get(world); }, throws(Errc::busy, testing::HasSubstr("descriptors")));
    }
    EXPECT_EQ(word_in(a.get(world)), "a");
}

TEST_F(PooledReaders, leave_places_for_as_many_files_of_mbtiles) {
    std::vector<ReaderPool::Lease> leases;
    for (const auto* name : {"a", "b", "c", "d"}) {
        leases.push_back(readers->acquire(name, std::chrono::milliseconds{0}));
    }
    EXPECT_THAT([&] { readers->acquire("e", std::chrono::milliseconds{0}); },
                throws(Errc::busy, testing::HasSubstr("all 4")));
    EXPECT_EQ(pool->statistics().open, 4U);
}

}  // namespace
}  // namespace offgrid::test
