#include "formats/store/template_files.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

Error cannot_list(const std::string& folder, const std::error_code& failure) {
    return system_error(failure.value(),
                        fmt::format("cannot list the folder {}", folder.empty() ? "." : folder));
}

}  // namespace

std::vector<std::string> TemplateFiles::list() const {
    std::vector<std::string> found;
    if (!names_.has_keys()) {
        const auto name = names_.render(grid_, {});
        std::error_code failure;
        const auto status = fs::status(name, failure);
        if (status.type() == fs::file_type::none) {
            throw system_error(failure.value(), fmt::format("cannot look for {}", name));
        }
        if (fs::is_regular_file(status)) {
            found.push_back(name);
        }
        return found;
    }
    auto folder = std::string{names_.folder()};
    if (!folder.empty() && folder != "/") {
        folder += '/';
    }
    walk(folder, found);
    std::ranges::sort(found);
    return found;
}

std::vector<std::string> TemplateFiles::list(const TileRange& range) const {
    auto found = list();
    std::erase_if(found, [&](const std::string& name) {
        return intersection(covered(name, range.z), range).is_empty();
    });
    return found;
}

TileRange TemplateFiles::covered(std::string_view file, int z) const {
    const auto match = names_.match(file);
    return match ? names_.range_of(*match, grid_, z) : TileRange{.z = z};
}

/// `folder` ends in `/`, or is empty for the working folder.
void TemplateFiles::walk(const std::string& folder, std::vector<std::string>& found) const {
    std::error_code failure;
    fs::directory_iterator entry{folder.empty() ? "." : folder, failure};
    if (failure == std::errc::no_such_file_or_directory) {
        return;
    }
    for (; !failure && entry != fs::directory_iterator{}; entry.increment(failure)) {
        const auto name = folder + entry->path().filename().string();
        std::error_code vanished;  // another program may remove it meanwhile
        const bool is_file = names_.match(name) && entry->is_regular_file(vanished);
        if (is_file) {
            found.push_back(name);
        } else if (names_.can_begin_with(name + '/') && entry->is_directory(vanished)) {
            walk(name + '/', found);
        }
    }
    if (failure) {
        throw cannot_list(folder, failure);
    }
}

}  // namespace offgrid
