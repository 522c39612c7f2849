#include "tests/support/memory_store.h"

#include "tests/support/store_contract.h"

namespace offgrid::test {

/// What the tests of transfers stand on keeps the contract too.
struct MemoryStore : StoreUnderTest {
    std::unique_ptr<TileReader> open(const Pyramid& pyramid) override {
        tiles = std::make_unique<MemoryTiles>(pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        tiles = std::make_unique<MemoryTiles>();
        return std::make_unique<MemoryWriter>(*tiles);
    }
    std::unique_ptr<TileReader> reopen() override { return std::make_unique<MemoryReader>(*tiles); }

    std::unique_ptr<MemoryTiles> tiles;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryStore);

}  // namespace offgrid::test
