#pragma once

#include "formats/gwc/properties.h"

#include <cstdint>
#include <string>
#include <vector>

namespace offgrid::gwc {

/// What GeoWebCache's configuration says of a store (`<MbtilesBlobStore>`), by the names that it
/// has there; with the documented defaults where it says nothing.
struct BlobStoreOptions {
    std::string id{};
    bool is_default = false;
    bool enabled = true;
    std::string root_directory{};
    std::string template_path = "{layer}/{grid}{format}{params}/{z}_{x}_{y}.sqlite";
    std::int64_t pool_size = 1000;  ///< files that readers have open at a time, at most
    std::int64_t pool_reaper_interval_ms = 500;  ///< between two looks for files to close
    std::int64_t row_range_count = 250;          ///< rows of tiles a file holds
    std::int64_t column_range_count = 250;       ///< columns of tiles a file holds
    bool eager_delete = false;                   ///< a file is removed with its last tile
    bool use_create_time = true;
    std::string mbtiles_metadata_directory{};  ///< of properties files; empty: none
    int executor_concurrency = 5;              ///< files that are removed or changed at a time
    bool gzip_vector = false;  ///< vector tiles are kept compressed and given back plain

    MetadataForm metadata_form = MetadataForm::spec;

    /// Names that are configured, those of disabled layers too: where a path could be read in
    /// several ways, the longest counts, and a grid set only if it is one of these.
    std::vector<std::string> known_layers{};
    std::vector<std::string> known_grid_sets{};
};

}  // namespace offgrid::gwc
