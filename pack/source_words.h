#pragma once

#include <filesystem>
#include <string>

namespace offgrid {

/// Whether the word for a source means a store, in the way of `config::StoreLocations`, and not
/// something that GDAL opens: a template with `{z}`, a tileset of a configuration, a package folder
/// or depot, an MBTiles, PMTiles or GeoPackage file that is there.
bool names_store(const std::string& source);

/// The file that changes when the source does, as far as one tells: the configuration of a tileset,
/// the manifest of a package, CURRENT of a depot, else the source itself.
std::filesystem::path file_behind(const std::string& source);

/// The word with a file or folder by its whole name, so that it means the same in any folder; a URL
/// or a connection as it is.
std::string absolute_name(const std::string& source);

}  // namespace offgrid
