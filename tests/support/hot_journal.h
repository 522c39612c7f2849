#pragma once

#include <filesystem>

namespace offgrid::test {

/// What a kill in the midst of a commit leaves of an SQLite file: half written, its journal hot.
void leave_hot_journal(const std::filesystem::path& file);

}  // namespace offgrid::test
