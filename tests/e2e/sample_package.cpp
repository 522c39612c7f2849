#include "tests/e2e/sample_package.h"

#include "formats/package/package_reader.h"
#include "tests/support/process.h"

#include <stdexcept>

namespace offgrid::test {

std::filesystem::path sample_raster() {
    return std::filesystem::path{OFFGRID_SOURCE_DIR} / "examples/data/earth-blue-marble.jpg";
}

SamplePackage::SamplePackage() {
    const auto packed = run({program("offgrid"), "pack", sample_raster().string(), "-o",
                             path().string(), "--layer", "blue-marble", "--quiet"});
    if (packed.exit_code != 0) {
        throw std::runtime_error{"cannot pack the sample: " + packed.err};
    }
    manifest_ = read_manifest(path());
}

}  // namespace offgrid::test
