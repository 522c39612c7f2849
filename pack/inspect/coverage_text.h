#pragma once

#include "pack/inspect/coverage.h"

#include <string>

namespace offgrid {

enum class FileTable { off, on };

/// The report as a table for people.
std::string to_text(const CoverageReport& report, FileTable files);

/// The report as one JSON object.
std::string to_json(const CoverageReport& report, FileTable files);

}  // namespace offgrid
