#include "sync/delivery.h"

#include "formats/base/error.h"
#include "formats/package/manifest.h"
#include "sync/archive.h"
#include "sync/entry_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// sqlite.org/fileformat2.html, section 1.3.
constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};

bool is_sqlite(const fs::path& path) {
    std::array<char, sqlite_magic.size()> start{};
    std::ifstream file{path, std::ios::binary};
    file.read(start.data(), start.size());
    return file && std::string_view{start.data(), start.size()} == sqlite_magic;
}

FileTree unpack(FileOps& files, const fs::path& archive, const fs::path& staging,
                const Limits& limits) {
    auto folder = staging / "unpacked";
    files.create_directories(folder);
    auto names = unpack_archive(files, archive, folder, limits);
    return {std::move(folder), std::move(names)};
}

}  // namespace

std::optional<fs::path> FileTree::package_folder() const {
    if (std::ranges::find(names, manifest_name) != names.end()) {
        return folder;
    }
    const auto top = names.front().substr(0, names.front().find('/') + 1);
    const auto is_in_top = [&](const std::string& name) { return name.starts_with(top); };
    if (top.empty() || !std::ranges::all_of(names, is_in_top) ||
        std::ranges::find(names, top + std::string{manifest_name}) == names.end()) {
        return std::nullopt;
    }
    return folder / top.substr(0, top.size() - 1);
}

Delivery take_upload(FileOps& files, const fs::path& upload, const fs::path& staging,
                     const Limits& limits) {
    if (is_sqlite(upload)) {
        return SingleFile{upload};
    }
    return unpack(files, upload, staging, limits);
}

Delivery take_source(FileOps& files, const fs::path& source, const std::string& shown_as,
                     const fs::path& staging, const Limits& limits) {
    const auto status = fs::symlink_status(source);
    if (fs::is_directory(status)) {
        auto folder = staging / "copied";
        files.create_directories(folder);
        auto names = copy_folder(files, source, folder, limits);
        return FileTree{std::move(folder), std::move(names)};
    }
    if (!fs::is_regular_file(status)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("source '{}' is neither a file nor a folder", printable(shown_as))};
    }
    const auto bytes = fs::file_size(source);
    if (bytes > limits.max_upload_bytes) {
        throw Error{Errc::too_large, fmt::format("source '{}' is larger than {} bytes",
                                                 printable(shown_as), limits.max_upload_bytes)};
    }
    if (bytes == 0) {
        throw Error{Errc::corrupt, fmt::format("source '{}' is empty", printable(shown_as))};
    }
    if (!is_sqlite(source)) {
        return unpack(files, source, staging, limits);
    }
    auto copy = staging / "copied";
    files.copy_file(source, copy);
    return SingleFile{std::move(copy)};
}

}  // namespace offgrid
