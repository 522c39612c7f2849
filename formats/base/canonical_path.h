#pragma once

#include <string>

namespace offgrid {

/// One spelling of a file's path, whether the file is there or not: absolute, of its folder without
/// links, `.` and `..`. The file's own name is kept, so a link to a file is another file. Costs a
/// system call for each folder above; a folder that is not there is only spelled out.
std::string canonical_path(const std::string& path);

}  // namespace offgrid
