#pragma once

#include <string>

namespace offgrid {

/// Where a server listens.
struct ServerAddress {
    std::string host{};  ///< a name or a number
    int port = 0;
};

}  // namespace offgrid
