#pragma once

#include "formats/package/manifest.h"
#include "formats/package/package_reader.h"
#include "formats/store/tile_store.h"
#include "formats/tile/range.h"
#include "pack/inspect/content_check.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace offgrid {

/// One thing that is wrong. A value.
struct Problem {
    std::string where{};  ///< the file, or the store as it was named
    std::string tile{};   ///< `z/x/y`, row from the north; empty: it concerns the whole
    std::string what{};
};

/// What was looked at. A value.
struct VerifySummary {
    std::int64_t files = 0;
    std::int64_t tiles = 0;
    std::int64_t problems = 0;
};

/// What a verification needs from its surroundings. Nothing is owned.
struct VerifyContext {
    Depth depth = Depth::signature;
    std::function<void(const Problem& problem)> report{};  ///< each, as it is found
    const std::atomic<bool>& is_stopped;
};

// Each throws `interrupted` when stopped, and an Error when it cannot look at all.

/// Check the files of a package against its manifest: hashes, schema, places, content.
VerifySummary verify_package_files(const Manifest& manifest, const LocateFile& locate,
                                   const VerifyContext& context);

/// Check one MBTiles file: its pages and schema, each address against the grid, content.
VerifySummary verify_mbtiles_file(const std::filesystem::path& path, const Grid& grid,
                                  const VerifyContext& context);

/// Check the tiles of a store, `limits` telling which it may have: each file of a store that has
/// files named by a template, and whether its name covers its tiles; content.
VerifySummary verify_store(const std::string& name, const TileReader& reader,
                           const std::function<TileRange(int z)>& limits,
                           const VerifyContext& context);

}  // namespace offgrid
