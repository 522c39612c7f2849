#pragma once

#include "formats/config/store_location.h"
#include "formats/package/manifest.h"
#include "formats/stores.h"
#include "pack/options.h"
#include "pack/pack.h"
#include "pack/partial_folder.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {

/// What the finished pyramids of a pack are kept as.
///
/// A z-top package is its pyramids. For everything else their tiles are copied into a store of that
/// kind: one file or folder beside them, which appears under its name when it is complete, or a
/// tileset of a configuration, whose other tiles stay. One thread.
class Output {
public:
    /// Looks at all that can be known before a tile is made. `options` is not owned and outlives
    /// the output.
    ///
    /// Throws `invalid_argument` where the output cannot have such tiles or cannot be written;
    /// what the configuration's reader throws.
    Output(const PackOptions& options, const Manifest& planned);

    /// Keep what is in the folder, which holds the pyramids that the manifest lists. Returns what
    /// could not be removed of what was there before, as a note for the user. Throws what the store
    /// throws.
    std::optional<std::string> write(const Manifest& manifest, PartialFolder& folder,
                                     const PackContext& context);

private:
    using OpenWriter = std::function<std::unique_ptr<TileWriter>()>;

    void check_tileset(const Manifest& planned);
    OpenWriter writer_of(const Manifest& manifest, const std::filesystem::path& result);
    std::unique_ptr<TileWriter> open(StoreOptions store, const Manifest& manifest);

    const PackOptions& options_;
    config::StoreLocations locations_;
    std::optional<config::StoreLocation> tileset_;  // of a configuration
    std::unique_ptr<sqlite::CacheFilePool> sqlite_files_;
    FileLocker locker_;
};

/// Where a pack works: beside its output, but for a tileset, which may be no file.
std::filesystem::path place_of_work(const PackOptions& options);

}  // namespace offgrid
