#include "formats/base/canonical_path.h"

#include <filesystem>
#include <system_error>

namespace offgrid {

namespace fs = std::filesystem;

std::string canonical_path(const std::string& path) {
    const auto absolute = fs::absolute(path);
    const auto name = absolute.filename();
    if (name.empty() || name == "." || name == "..") {  // it names a folder
        return fs::weakly_canonical(absolute).string();
    }
    std::error_code missing;
    const auto folder = fs::canonical(absolute.parent_path(), missing);
    return (missing ? absolute.lexically_normal() : folder / name).string();
}

}  // namespace offgrid
