#pragma once

#include "formats/base/error.h"
#include "formats/tiff/tiff_file.h"
#include "formats/tiff/tile_places.h"
#include "formats/tile/key.h"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace offgrid::tiff {

/// Which file has a name, as long as it is there. A value.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// What is to happen to one tile.
struct Change {
    Place place{};
    std::optional<Bytes> tile{};  ///< nothing: erase
};

/// What is to happen to one file at the next commit. A value.
struct FileChanges {
    std::optional<ImageLayout> layout{};  ///< that the tiles fit; nothing: no file, no tile yet
    std::map<TileKey, Change> waiting{};  ///< in memory
    std::size_t waiting_bytes = 0;        ///< that they take there
    std::map<std::uint64_t, Extent> written{};  ///< in the file, by index; not published
    FileIdentity written_to{};
    std::optional<Error> failure{};  ///< of writing ahead of the commit; no more until then
    bool is_lost = false;            ///< the failure took some of the changes

    bool is_empty() const { return waiting.empty() && written.empty() && !is_lost; }
};

}  // namespace offgrid::tiff
