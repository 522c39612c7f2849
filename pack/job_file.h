#pragma once

#include "pack/options.h"

#include <string>

namespace offgrid {

/// Read the job in a file; `-` is standard input, to its end. Relative names in it are as on a
/// command line: from the folder of work. Throws what `parse_job` and `read_file` throw, naming the
/// file.
PackOptions load_job(const std::string& file);

}  // namespace offgrid
