#pragma once

#include "formats/store/tile_store.h"
#include "pack/transfer/selection.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace offgrid {

/// The files that a selection of tiles lies in by their names, and those of them that are not
/// there. A value.
struct MissingFiles {
    bool is_counted = true;  ///< false: there are too many to count, the rest says nothing
    std::int64_t expected = 0;
    std::int64_t missing = 0;
    std::vector<std::string> names{};  ///< of the first that are missing

    /// Add those of another set of files, names up to `max_names`.
    void add(const MissingFiles& other, std::size_t max_names);
};

/// Compare the files of the set that are there with those that the selection needs up to a zoom.
/// Counts from where the blocks of tiles begin and end, not by rendering the name of every tile.
MissingFiles missing_files(const FileSet& set, const Selection& selection, int max_zoom,
                           const std::vector<std::string>& present, std::size_t max_names);

}  // namespace offgrid
