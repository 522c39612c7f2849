#include "tests/formats/gpkg/gpkg_support.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

namespace offgrid::gpkg {
namespace {

const Grid& mercator() {
    return Grid::google_maps_compatible();
}

struct GpkgStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        test::write_gpkg(folder / "a.gpkg", pyramid);
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<GpkgWriter>(folder / "a.gpkg", StoreInfo{.max_zoom = 30});
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<GpkgReader>(folder / "a.gpkg", "", mercator(), *pool);
    }

    test::TempFolder folder;
    std::unique_ptr<GpkgPool> pool = make_gpkg_pool(4);
};

/// A file of another program, which numbers its zooms otherwise.
struct ForeignGpkgStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        auto sql = test::foreign_gpkg_sql();
        for (int z = 0; z <= 30; ++z) {
            sql += test::matrix_sql(z + 3, 1 << z, 1 << z, z);
        }
        for (const auto& [key, word] : pyramid) {
            sql += test::tile_sql(key.z + 3, key.x, key.y, word);
        }
        test::execute_sql(folder / "a.gpkg", sql);
        return std::make_unique<GpkgReader>(folder / "a.gpkg", "map", mercator(), *pool);
    }

    test::TempFolder folder;
    std::unique_ptr<GpkgPool> pool = make_gpkg_pool(4);
};

using Stores = testing::Types<GpkgStore, ForeignGpkgStore>;

}  // namespace
}  // namespace offgrid::gpkg

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Gpkg, StoreContract, gpkg::Stores);
}  // namespace offgrid::test
