#pragma once

#include "serve/request.h"

#include <string>
#include <string_view>

namespace offgrid {

/// A service as a client has it from MapCache or from GeoWebCache: these differ in addresses, in
/// headers, and in what they refuse. A value that borrows from the request.
struct ServicePlace {
    enum class Dialect { mapcache, geowebcache };

    Dialect dialect = Dialect::mapcache;
    std::string_view folder{};  ///< of the service in the path, `/mapcache/wmts`

    bool is_mapcache() const { return dialect == Dialect::mapcache; }

    /// The address of the service; without a host where the request tells none.
    std::string root(const Request& request) const {
        std::string text{request.base};
        text += folder;
        return text;
    }
};

}  // namespace offgrid
