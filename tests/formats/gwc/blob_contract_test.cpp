#include "tests/formats/gwc/blob_support.h"
#include "tests/support/store_contract.h"

namespace offgrid::gwc {
namespace {

const Grid& northern_grid() {
    static const Grid grid{{.name = "north",
                            .srs = "EPSG:3857",
                            .extent = Grid::google_maps_compatible().extent(),
                            .resolutions =
                                [] {
                                    std::vector<double> all;
                                    for (int z = 0; z < 31; ++z) {
                                        all.push_back(Grid::google_maps_compatible().resolution(z));
                                    }
                                    return all;
                                }(),
                            .origin = Grid::Origin::top_left}};
    return grid;
}

/// What each kind of tileset must do in the same way.
template <const Grid& (*grid)(), bool has_parameters>
struct Blobs : test::StoreUnderTest {
    Blobs() {
        files.options.template_path = "{layer}/{grid}{format}{params}/{z}_{x}_{y}.sqlite";
        files.options.row_range_count = 2;
        files.options.column_range_count = 3;
        files.options.pool_size = 3;
    }

    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, test::png_bytes(word));
        }
        writer->commit();
        return reopen();
    }

    std::unique_ptr<TileWriter> create() override {
        return files.store().open_writer(id(), {.grid = &grid()});
    }

    std::unique_ptr<TileReader> reopen() override {
        return files.store().open_reader(id(), {.grid = &grid()});
    }

    bool has_transactions() const override { return true; }

    static TilesetId id() {
        return png_of("osm", grid().name(),
                      has_parameters ? Parameters{{"STYLES", "a"}} : Parameters{});
    }

    TestStore files;
};

using Plain = Blobs<&Grid::google_maps_compatible, false>;
using WithParameters = Blobs<&Grid::google_maps_compatible, true>;
using FromTheNorth = Blobs<&northern_grid, false>;

using BlobStores = testing::Types<Plain, WithParameters, FromTheNorth>;

}  // namespace
}  // namespace offgrid::gwc

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Geowebcache, StoreContract, gwc::BlobStores);
}  // namespace offgrid::test
