#pragma once

#include "formats/base/bytes.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// Whether a name from a request, decoded, can be that of one file or folder: 1 to 255 bytes, no
/// `/`, `\` or control character, and no dot in front, so neither "..", nor what is hidden.
bool is_asset_name(std::string_view name);

/// A folder whose files are read by names that come from requests, and that may have been made by
/// anyone.
///
/// Nothing outside of it is ever opened: each name is one component, opened in the folder before it
/// (openat(2)), and none is followed when it is a link. `root` alone may be reached through links:
/// the operator has named it. Holds no descriptor. A value; safe for concurrent use.
class AssetFolder {
public:
    /// `folders`: the names of the folders from the root to this one.
    AssetFolder(std::filesystem::path root, std::vector<std::string> folders)
        : root_{std::move(root)}, folders_{std::move(folders)} {}

    /// Whether there is such a folder.
    bool exists() const;

    /// Whether there is a regular file of that name in it.
    bool has_file(const std::string& name) const;

    /// The content of a regular file, named by the folders on the way to it and itself; nothing
    /// where there is none, or where a name is none (`is_asset_name`). Throws `too_large` beyond
    /// the limit.
    std::optional<Bytes> read(const std::vector<std::string>& names,
                              std::uint64_t limit_bytes) const;

    friend bool operator==(const AssetFolder&, const AssetFolder&) = default;

private:
    std::vector<std::string> below(const std::vector<std::string>& names) const;

    std::filesystem::path root_;
    std::vector<std::string> folders_;
};

}  // namespace offgrid
