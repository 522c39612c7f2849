#include "sync/source_roots.h"

#include "formats/base/error.h"
#include "sync/entry_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& folder) {
    const auto [end_of_folder, rest] = std::ranges::mismatch(folder, path);
    return end_of_folder == folder.end() && rest != path.end();
}

/// Whether a part of the path is a link: in a path without existing links, one that leads nowhere
/// or in a circle.
bool holds_link(const fs::path& path) {
    fs::path part;
    return std::ranges::any_of(path, [&](const fs::path& name) {
        part /= name;
        std::error_code failure;
        return fs::is_symlink(fs::symlink_status(part, failure));
    });
}

}  // namespace

SourceRoots::SourceRoots(const std::vector<fs::path>& folders) {
    auto chosen = folders;
    if (chosen.empty()) {
        chosen.push_back(fs::temp_directory_path());
        if (fs::current_path() != "/") {
            chosen.push_back(fs::current_path());
        }
    }
    for (const auto& folder : chosen) {
        std::error_code failure;
        auto canonical = fs::canonical(folder, failure);
        if (failure) {
            throw system_error(failure.value(),
                               fmt::format("cannot use source root {}", folder.string()));
        }
        folders_.push_back(std::move(canonical));
    }
}

fs::path SourceRoots::resolve(const std::string& source) const {
    std::error_code failure;
    auto path = source.find('\0') == std::string::npos
                    ? fs::weakly_canonical(fs::absolute(source), failure)
                    : fs::path{};
    const auto is_allowed =
        !failure && !holds_link(path) && std::ranges::any_of(folders_, [&](const fs::path& folder) {
            return is_below(path, folder);
        });
    if (!is_allowed) {
        throw Error{Errc::denied,
                    fmt::format("source '{}' is not below a folder that sources may come from",
                                printable(source))};
    }
    if (!fs::exists(path, failure)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("source '{}' does not exist", printable(source))};
    }
    return path;
}

}  // namespace offgrid
