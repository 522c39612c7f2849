#include "tests/formats/gwc/blob_support.h"

#include <algorithm>

namespace offgrid::gwc {

const Grid& wide_grid() {
    static const Grid grid{{.name = "EPSG:4326",
                            .srs = "EPSG:4326",
                            .extent = {0, 0, 256 * 20'000.0, 256 * 20'000.0},
                            .resolutions = std::vector<double>(24, 1.0)}};
    return grid;
}

TestStore::TestStore() {
    options.id = "s";
    options.root_directory = root().string();
    options.template_path = "{grid}/{layer}/{format}/{z}/tiles-{x}-{y}.sqlite";
    options.row_range_count = 500;
    options.column_range_count = 500;
}

BlobStore& TestStore::store() {
    if (!store_) {
        store_ = std::make_unique<BlobStore>(
            options, [this](const std::string& message) { warnings.push_back(message); }, *files);
    }
    return *store_;
}

std::vector<std::string> TestStore::files_there() const {
    std::vector<std::string> names;
    if (std::filesystem::exists(root())) {
        names = test::names_below(root());
    }
    std::erase_if(names, [](const std::string& name) {
        return name.ends_with('/') || name.starts_with(".offgrid") || name == "metadata.sqlite";
    });
    return names;
}

namespace {

TileKey key_of(const SouthTile& tile) {
    return {tile.z, tile.x, wide_grid().flip(tile.z, tile.y)};
}

}  // namespace

void TestStore::put(const TilesetId& id, const SouthTile& tile, const std::string& content) {
    const auto writer = store().open_writer(id, {.grid = &wide_grid()});
    writer->put(key_of(tile), as_bytes(content));
    writer->commit();
}

void TestStore::erase(const TilesetId& id, const SouthTile& tile) {
    const auto writer = store().open_writer(id, {.grid = &wide_grid()});
    writer->erase(key_of(tile));
    writer->commit();
}

std::optional<Tile> TestStore::get_tile(const TilesetId& id, const SouthTile& tile,
                                        const Expiry& expiry) {
    return store().open_reader(id, {.grid = &wide_grid()}, expiry)->get(key_of(tile));
}

std::optional<std::string> TestStore::get(const TilesetId& id, const SouthTile& tile,
                                          const Expiry& expiry) {
    const auto found = get_tile(id, tile, expiry);
    return found ? std::optional{std::string{as_text(found->content)}} : std::nullopt;
}

TilesetId png_of(const std::string& layer, const std::string& grid_set, Parameters parameters) {
    return {layer, grid_set, "image/png", std::move(parameters)};
}

}  // namespace offgrid::gwc
