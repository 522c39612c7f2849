#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"
#include "serve/service_place.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// What a GetTile of WMTS says. Rows count from the north. Borrows for a call.
struct GetTile {
    std::string_view layer{};
    std::string_view matrix_set{};
    std::string_view
        matrix{};  ///< `MATRIXSET:7`, as GeoWebCache has it, or `7`, as MapCache has it
    std::string_view row{};
    std::string_view column{};

    /// One of these, or none: any will do.
    std::string_view format{};
    std::string_view extension{};

    /// What the client says of dimensions, whether or not the layer has them.
    std::vector<std::pair<std::string, std::string>> dimensions{};
};

/// The status of what does not exist: GeoWebCache and requests by key and value have 400, addresses
/// of MapCache 404.
struct WmtsAnswering {
    const ServicePlace& place;
    int status_of_absent = 400;
};

/// Answer it, or say with an exception report which of its parts is wrong. Throws what the store
/// throws.
Response answer_get_tile(const LayerSet& layers, const GetTile& asked, const Request& request,
                         const WmtsAnswering& how);

}  // namespace offgrid
