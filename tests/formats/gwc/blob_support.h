#pragma once

#include "formats/gwc/blob_store.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid::gwc {

/// Twenty-four zooms of 20 000 by 20 000 tiles: the addresses in the tests of GeoWebCache are of no
/// real grid.
const Grid& wide_grid();

/// A store in a folder of its own, with tiles whose content is text. Tiles as `{z, x, y}` with rows
/// from the south.
class TestStore {
public:
    /// The template of most tests of GeoWebCache, with 500 columns and rows a file.
    TestStore();

    /// The options may be changed before the first use.
    BlobStoreOptions options;
    FileOps* files = &posix_file_ops();
    std::vector<std::string> warnings;

    BlobStore& store();
    /// Open it anew, as another program would.
    void reopen() { store_.reset(); }

    std::filesystem::path root() const { return folder_.path() / "root"; }
    std::filesystem::path file(const std::string& path) const { return root() / path; }
    bool has(const std::string& path) const { return std::filesystem::exists(file(path)); }
    /// The files of tiles, without what the store keeps for itself.
    std::vector<std::string> files_there() const;

    void put(const TilesetId& id, const SouthTile& tile, const std::string& content);
    void erase(const TilesetId& id, const SouthTile& tile);
    std::optional<std::string> get(const TilesetId& id, const SouthTile& tile,
                                   const Expiry& expiry = {});
    std::optional<Tile> get_tile(const TilesetId& id, const SouthTile& tile,
                                 const Expiry& expiry = {});

private:
    test::TempFolder folder_;
    std::unique_ptr<BlobStore> store_;
};

/// PNG tiles of a layer.
TilesetId png_of(const std::string& layer, const std::string& grid_set = "EPSG:4326",
                 Parameters parameters = {});

}  // namespace offgrid::gwc
