#include "formats/package/package_file_check.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

Error bad(const std::string& what) {
    return Error{Errc::corrupt, "bad manifest: " + what};
}

}  // namespace

PackageFileCheck::PackageFileCheck(const Manifest& head) : grid_{head.grid} {
    for (const auto& pyramids : head.pyramids) {
        names_.emplace_back(pyramids.names, pyramids.options);
    }
}

void PackageFileCheck::check(const PackageFile& file) const {
    if (!is_contained_name(file.name)) {
        throw bad(fmt::format("file name '{}' leaves the package", file.name));
    }
    if (!is_sha256_hex(file.sha256) || file.tiles < 0) {
        throw bad(fmt::format("file '{}' has no SHA-256 or no count of tiles", file.name));
    }
    if (file.min_zoom < 0 || file.min_zoom > file.max_zoom || file.max_zoom >= grid_->levels()) {
        throw bad(fmt::format("'zooms' of file '{}' are not zooms of the grid", file.name));
    }
    if (std::ranges::none_of(names_, [&](const PathTemplate& names) {
            return names.match(file.name).has_value();
        })) {
        throw bad(fmt::format("file '{}' has a name that no pyramid has", file.name));
    }
}

}  // namespace offgrid
