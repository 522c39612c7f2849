#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace offgrid::test {

/// A file or folder of the data set that may stand beside a checkout as `../shared/data` (or where
/// the environment variable OFFGRID_SHARED_DATA points). Nothing where it does not: the test then
/// prints that it skips the file.
std::optional<std::filesystem::path> shared_data(std::string_view name);

/// The regular files below a folder of the data set, sorted; empty, and said so, where there is no
/// data set. Throws when there is one without such files: the test would prove nothing.
std::vector<std::filesystem::path> shared_files(std::string_view folder);

}  // namespace offgrid::test
