#pragma once

#include "formats/package/manifest.h"
#include "tests/support/temp_folder.h"

#include <filesystem>

namespace offgrid::test {

/// The sample raster of `examples/data`.
std::filesystem::path sample_raster();

/// The sample as `offgrid pack` packs it without options but a name: the real program on a real
/// image. A folder of its own that is gone with the object.
class SamplePackage {
public:
    /// Throws std::runtime_error with the output of the program when it fails.
    SamplePackage();

    std::filesystem::path path() const { return folder_ / "blue-marble"; }
    const Manifest& manifest() const { return manifest_; }

private:
    TempFolder folder_;
    Manifest manifest_;
};

}  // namespace offgrid::test
