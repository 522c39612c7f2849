#pragma once

#include "formats/package/replace.h"

#include <string>
#include <vector>

namespace offgrid {

/// What a transaction changes, in a line for people: `replaced 1 file of layer 'kenya'`. Files that
/// stay as they are do not count.
std::string change_text(const std::vector<FileChange>& changes,
                        const std::vector<std::string>& declared_layers);

}  // namespace offgrid
