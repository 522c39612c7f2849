#pragma once

#include "formats/package/depot.h"

#include <filesystem>

namespace offgrid::test {

/// A depot whose layer "kenya" has many files, named as those of a z-top package with the top zoom
/// 7. None of them is there.
Depot make_depot_of(const std::filesystem::path& folder, int files);

/// Write a file of that layer through the door and put it in place of `z07-0-0.sqlite3`, starting
/// from a generation that is known. The next generation.
Generation replace_one(FileOps& files, const Depot& depot, const Generation& current,
                       const std::string& word);

}  // namespace offgrid::test
