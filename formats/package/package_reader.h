#pragma once

#include "formats/package/depot.h"
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

/// The tiles of a package as one store. Opens no file yet, but locates each. The pool is not owned
/// and outlives the reader.
std::unique_ptr<TileReader> open_package(const Manifest& manifest, const LocateFile& locate,
                                         sqlite::MbtilesPool& pool);

/// The tiles of a layer that is installed in a depot as one store. Costs the same however many
/// files the layer has. Handles of its files stay in the pool when the reader is gone: a
/// ServedGeneration closes them. The pool is not owned and outlives the reader.
std::unique_ptr<TileReader> open_installed(const Depot& depot, const Manifest& manifest,
                                           sqlite::MbtilesPool& pool);

/// Read the manifest of a package folder. Throws `not_found` when the folder has none, `corrupt`
/// when it is not sane.
Manifest read_manifest(const std::filesystem::path& folder);

}  // namespace offgrid
