#pragma once

#include "formats/package/manifest.h"
#include "formats/tile/range.h"

#include <filesystem>
#include <functional>
#include <string_view>

namespace offgrid {

/// A file that was read from end to end.
struct VerifiedFile {
    PackageFile file{};
    TileRange extent{};  ///< around the tiles of its deepest zoom
};

/// Called between the tiles of a long check; what it throws ends the check.
using Checkpoint = std::function<void()>;
inline void go_on() {}

/// Read a tile file that may come from anywhere, from end to end, and say what it holds: its size,
/// SHA-256, zooms and count of tiles. `name` is the name it is to have in the layer of `manifest`.
///
/// Throws `corrupt` when it is not a sound SQLite database in one of our layouts without leftovers
/// of a writer, when no index finds its tiles, when a tile cannot be read, is there twice, is not
/// of the layer's format, or lies outside what the name covers; `invalid_argument` when the layer
/// has no such name.
VerifiedFile verify_file(const std::filesystem::path& path, std::string_view name,
                         const Manifest& manifest, const Checkpoint& checkpoint = go_on);

/// Verify every file of the package folder against its manifest. Throws the first Error, naming the
/// file.
void verify_package(const std::filesystem::path& folder, const Manifest& manifest,
                    const Checkpoint& checkpoint = go_on);

}  // namespace offgrid
