#include "sync/delivery.h"

#include "formats/base/error.h"
#include "formats/package/manifest.h"
#include "sync/archive.h"
#include "sync/entry_names.h"
#include "sync/source_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

bool is_sqlite(const fs::path& path) {
    std::array<char, sqlite_magic.size()> start{};
    std::ifstream file{path, std::ios::binary};
    file.read(start.data(), start.size());
    return file && std::string_view{start.data(), start.size()} == sqlite_magic;
}

/// `archive` is its path or its descriptor.
template <typename Archive>
FileTree unpack(FileOps& files, const Archive& archive, const fs::path& staging,
                const Limits& limits) {
    auto folder = staging / "unpacked";
    files.create_scratch_directories(folder);
    auto names = unpack_archive(files, archive, folder, limits);
    return {std::move(folder), std::move(names)};
}

Delivery take_source_file(FileOps& files, const SourceFile& source, const fs::path& staging,
                          const Limits& limits) {
    if (source.size() > limits.max_upload_bytes) {
        throw Error{Errc::too_large,
                    fmt::format("the file is larger than {} bytes", limits.max_upload_bytes)};
    }
    if (source.size() == 0) {
        throw Error{Errc::corrupt, "the file is empty"};
    }
    if (!source.is_sqlite()) {
        return unpack(files, source.descriptor(), staging, limits);
    }
    auto copy = staging / "copied";
    source.copy_to(files, copy, limits.max_upload_bytes);
    return SingleFile{std::move(copy)};
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
    try {
        std::error_code ignored;  // told by opening it
        if (!fs::is_directory(fs::symlink_status(source, ignored))) {
            return take_source_file(files, {source, "the file"}, staging, limits);
        }
        auto folder = staging / "copied";
        files.create_scratch_directories(folder);
        auto names = copy_folder(files, source, folder, limits);
        return FileTree{std::move(folder), std::move(names)};
    } catch (const Error& error) {
        rethrow_with(error, "source '{}'", printable(shown_as));
    }
}

}  // namespace offgrid
