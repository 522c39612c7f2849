#pragma once

#include "formats/package/manifest.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/tile_store.h"

#include <filesystem>
#include <functional>
#include <memory>

namespace offgrid {

/// Where a file of the manifest is: in a package folder under its own name, in a depot under its
/// stored name.
using LocateFile = std::function<std::filesystem::path(const PackageFile& file)>;

/// The tiles of a package as one store. Opens no file yet. The pool is not owned and outlives the
/// reader.
std::unique_ptr<TileReader> open_package(const Manifest& manifest, const LocateFile& locate,
                                         sqlite::MbtilesPool& pool);

/// Read the manifest of a package folder. Throws `not_found` when the folder has none, `corrupt`
/// when it is not sane.
Manifest read_manifest(const std::filesystem::path& folder);

}  // namespace offgrid
