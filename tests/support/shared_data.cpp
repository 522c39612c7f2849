#include "tests/support/shared_data.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

namespace offgrid::test {

namespace fs = std::filesystem;

namespace {

fs::path root() {
    const char* const configured = std::getenv("OFFGRID_SHARED_DATA");
    return configured != nullptr ? fs::path{configured}
                                 : fs::path{OFFGRID_SOURCE_DIR} / "../shared/data";
}

}  // namespace

std::optional<fs::path> shared_data(std::string_view name) {
    const auto path = (root() / name).lexically_normal();
    if (!fs::exists(path)) {
        std::cout << "skipped: " << name << " is not here\n";
        return std::nullopt;
    }
    return path;
}

std::vector<fs::path> shared_files(std::string_view folder) {
    std::vector<fs::path> files;
    if (const auto path = shared_data(folder)) {
        for (const auto& entry : fs::recursive_directory_iterator{*path}) {
            if (entry.is_regular_file()) {
                files.push_back(entry.path());
            }
        }
    }
    if (files.empty() && fs::exists(root())) {
        throw std::runtime_error{"the data set has nothing in " + std::string{folder}};
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace offgrid::test
