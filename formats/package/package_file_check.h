#pragma once

#include "formats/package/manifest.h"

#include <vector>

namespace offgrid {

/// Checks the files of a package one after the other: what comes from a disk or another machine may
/// say anything. Keeps nothing of the manifest but its grid.
class PackageFileCheck {
public:
    /// Of the files of a package with that grid and those pyramids.
    explicit PackageFileCheck(const Manifest& head);

    /// Throws `corrupt` naming the file unless its name is contained and one of the pyramids has
    /// it, so that nothing in a package is unreachable, and hash, zooms and count can be.
    void check(const PackageFile& file) const;

private:
    GridRef grid_;
    std::vector<PathTemplate> names_;
};

}  // namespace offgrid
