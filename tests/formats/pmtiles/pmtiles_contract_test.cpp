#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

namespace offgrid::test {
namespace {

struct PmtilesStore : StoreUnderTest {
    std::unique_ptr<TileReader> open(const Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, png_bytes(word));
        }
        writer->commit();
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<PmtilesWriter>(options(), TilesetSlice{});
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<PmtilesReader>(options());
    }
    PmtilesOptions options() const { return {.file = folder / "a.pmtiles"}; }

    TempFolder folder;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Pmtiles, StoreContract, PmtilesStore);

}  // namespace offgrid::test
