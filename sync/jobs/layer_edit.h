#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"
#include "formats/package/replace.h"
#include "sync/jobs/tile_file_edit.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace offgrid {

/// Throws `no_space` unless the disk has room for so many bytes more.
using CheckRoom = std::function<void(std::uint64_t bytes)>;

/// Puts and removes single tiles of an installed layer within a transaction: copies of the files
/// that hold them are changed in the staging folder and take the place of the old ones. SQLite
/// writes them past the FileOps, so it looks for room itself: every megabyte, and before a file is
/// completed, which may take its size once more.
///
/// Nothing of it is in the transaction before `finish`. One thread; no reference is owned.
class LayerEdit {
public:
    /// Throws `not_found` for a layer that is not installed.
    LayerEdit(ReplaceTransaction& replace, FileOps& files, const Depot& depot,
              const CheckRoom& check_room, std::string layer);

    /// Throws `invalid_argument` when the layer has no files for the zoom.
    void put(const TileKey& key, BytesView content, ExistingTile existing);

    /// Remove the tiles of the file that are in the range.
    void erase(const PackageFile& file, const TileRange& range);

    /// Remove the file with all its tiles.
    void erase(const PackageFile& file);

    /// Complete the files that have changed and add them to the transaction; those that hold no
    /// tile any more leave the layer.
    void finish(const Checkpoint& checkpoint);

private:
    static constexpr std::uint64_t look_every = 1 << 20;

    const Manifest& manifest() const;
    std::string name_of(const TileKey& key) const;
    TileFileEdit::Metadata metadata() const;
    TileFileEdit& edit(const std::string& name);
    void close_all();

    ReplaceTransaction& replace_;
    FileOps& files_;
    const Depot& depot_;
    const CheckRoom& check_room_;
    std::string layer_;
    std::filesystem::path staging_;
    std::map<std::string, TileFileEdit> open_;     // by name
    std::map<std::string, std::int64_t> changed_;  // tiles left in it, by name
    std::uint64_t unchecked_bytes_ = look_every;   // that were put since the last look for room
};

}  // namespace offgrid
