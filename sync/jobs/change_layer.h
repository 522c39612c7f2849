#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"
#include "formats/package/replace.h"
#include "formats/tile/box.h"
#include "sync/jobs/job.h"
#include "sync/jobs/layer_edit.h"

#include <filesystem>
#include <optional>
#include <string>

namespace offgrid {

/// What the changes of a layer work with. Nothing is owned.
struct ChangeContext {
    ReplaceTransaction& replace;
    FileOps& files;
    const Depot& depot;
    const Checkpoint& checkpoint;
    const CheckRoom& check_room;
};

/// Put the tiles of a package in the staging folder into the files of the installed layer of its
/// name, however those are laid out. Zooms that the layer lacks below its deepest are added to it.
///
/// Throws `unsupported` when the layer is in another grid, `invalid_argument` when it has no files
/// for a zoom.
void merge_package(const ChangeContext& context, const Manifest& package,
                   const std::filesystem::path& folder, ExistingTile existing);

/// Which tiles are removed: those that are in both. Nothing: all zooms, everywhere.
struct TruncatedTiles {
    std::optional<ZoomSpan> zooms{};
    std::optional<Box> bounds{};  ///< in the units of the grid's SRS
};

/// Remove tiles of an installed layer. The layer itself stays, also without any.
void truncate_layer(const ChangeContext& context, const std::string& layer,
                    const TruncatedTiles& tiles);

}  // namespace offgrid
