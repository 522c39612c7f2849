#pragma once

#include "formats/base/bytes.h"
#include "formats/sqlite/mbtiles_schema.h"
#include "formats/sqlite/sqlite.h"
#include "formats/tile/grid.h"
#include "formats/tile/range.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

/// What a put does with a tile that is there already.
enum class ExistingTile { keep, replace };

/// Changes the tiles of an MBTiles file of any layout that nobody else has open: a staged copy, or
/// a new file where there is none. One thread.
///
/// Not safe against a crash, which leaves nothing of a staged file anyway. Nothing is promised
/// before `finish`.
class TileFileEdit {
public:
    /// The rows of a table `metadata`.
    using Metadata = std::vector<std::pair<std::string, std::string>>;

    /// `metadata` is what a new file says beside its zooms and bounds. Throws `corrupt` for a file
    /// that holds no tiles in a known way.
    TileFileEdit(const std::filesystem::path& path, const Grid& grid, const Metadata& metadata);

    /// Throws `unsupported` for a layout that is only read.
    void put(const TileKey& key, BytesView content, ExistingTile existing);

    /// Remove the tiles of the range.
    void erase(const TileRange& range);

    /// Whether any tile has come, gone or changed.
    bool has_changed() const { return has_changed_; }

    /// How many tiles there are.
    std::int64_t count();

    /// Complete the file: what no tile needs any more is gone, and `metadata` says what there is.
    void finish();

private:
    void erase_rows(const TileRange& range, std::int64_t min_row, std::int64_t max_row);
    void insert(const TileKey& key, std::int64_t row, BytesView content);
    void prepare_inserts();
    void remove_unused_images();

    const Grid& grid_;
    bool is_new_;
    sqlite::Db db_;
    sqlite::MbtilesLayout layout_;
    bool has_changed_ = false;
    sqlite::Statement select_;
    std::vector<sqlite::Statement> erase_;  // from the table of addresses, then from others
    std::optional<sqlite::Statement> insert_image_;
    std::optional<sqlite::Statement> insert_;
};

}  // namespace offgrid
