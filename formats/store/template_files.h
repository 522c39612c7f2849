#pragma once

#include "formats/tile/grid.h"
#include "formats/tile/path_template.h"

#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// The files of one slice of a cache that are there, found by walking the folders that the template
/// can have made. Names are as `PathTemplate::render` gives them: absolute, or relative to the
/// working folder.
///
/// A name matches when its counts could be those of a tile and its texts are those of the slice.
/// Links are followed; what is no regular file is not listed. A folder that is not there holds no
/// files; one that cannot be read is an Error. Immutable; safe for concurrent use. The grid is not
/// owned.
class TemplateFiles {
public:
    TemplateFiles(const PathTemplate& names, const Grid& grid, const PathValues& values)
        : names_{names.with_texts(grid, values)}, grid_{grid} {}

    /// All of them, sorted.
    std::vector<std::string> list() const;

    /// Those whose name covers a tile of the range, sorted.
    std::vector<std::string> list(const TileRange& range) const;

    /// The tiles of a zoom that the name of a file covers; empty for a name that is none of these.
    /// REQUIRES: 0 <= z < levels of the grid.
    TileRange covered(std::string_view file, int z) const;

private:
    void walk(const std::string& folder, std::vector<std::string>& found) const;

    PathTemplate names_;
    const Grid& grid_;
};

}  // namespace offgrid
