#pragma once

#include <map>
#include <string>

namespace offgrid {

/// Which source lies on top.
enum class SourceOrder {
    given,               ///< the last
    newest,              ///< the one that was taken last; of equals the last by name
    highest_resolution,  ///< the finest; of equals the last by name
};

/// All, by their words on the command line.
const std::map<std::string, SourceOrder>& source_orders();

}  // namespace offgrid
