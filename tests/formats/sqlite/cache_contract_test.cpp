#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/store_contract.h"

namespace offgrid::sqlite {
namespace {

/// What each kind of file must do in the same way.
template <CacheSchema schema, bool is_sharded>
struct CacheStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, test::png_bytes(word));
        }
        writer->commit();
        return reopen();
    }

    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<CacheWriter>(options(), slice_on());
    }

    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<CacheReader>(options(), slice_on(), *pool);
    }

    bool has_transactions() const override { return true; }

    CacheOptions options() const {
        auto cache = cache_in(folder / (is_sharded ? "{top_x}/{top_y}.db" : "c.db"), schema);
        cache.path.top = is_sharded ? 2 : 0;
        return cache;
    }

    test::TempFolder folder;
    std::unique_ptr<CacheFilePool> pool = make_cache_file_pool(4);
};

using Tiles = CacheStore<CacheSchema::tiles, false>;
using ShardedTiles = CacheStore<CacheSchema::tiles, true>;
using Mbtiles = CacheStore<CacheSchema::mbtiles, false>;
using ShardedMbtiles = CacheStore<CacheSchema::mbtiles, true>;
using FlatMbtiles = CacheStore<CacheSchema::mbtiles_flat, false>;
using HashedMbtiles = CacheStore<CacheSchema::mbtiles_hashed, false>;

using CacheStores =
    testing::Types<Tiles, ShardedTiles, Mbtiles, ShardedMbtiles, FlatMbtiles, HashedMbtiles>;

}  // namespace
}  // namespace offgrid::sqlite

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(SqliteCache, StoreContract, sqlite::CacheStores);
}  // namespace offgrid::test
