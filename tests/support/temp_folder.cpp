#include "tests/support/temp_folder.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace offgrid::test {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
    auto name = (fs::temp_directory_path() / "offgrid-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error{"cannot create a temporary folder"};
    }
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void write_file(const fs::path& path, std::string_view content) {
    fs::create_directories(path.parent_path());
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << content;
    file.close();
    if (!file) {
        throw std::runtime_error{"cannot write " + path.string()};
    }
}

std::string read_text(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw std::runtime_error{"cannot read " + path.string()};
    }
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> names_below(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        names.push_back(entry.path().lexically_relative(folder).string() +
                        (entry.is_directory() ? "/" : ""));
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace offgrid::test
