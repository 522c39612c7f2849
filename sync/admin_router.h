#pragma once

#include "sync/admin_request.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// Finds the route of a request. Immutable; safe for concurrent use.
///
/// Addresses of GeoWebCache's and GeoServer's manuals are those without their context:
/// `/geowebcache/rest/seed.json`, `/geoserver/gwc/rest/seed.json`, `/rest/seed.json` and
/// `/seed.json` are one. Where several patterns fit, the one with the most text of its own wins,
/// whatever the method: no request falls to a wider pattern because the narrow one lacks its
/// method.
class AdminRouter {
public:
    /// REQUIRES: every pattern is one, and none is there twice with one method.
    explicit AdminRouter(std::vector<AdminRoute> routes);

    struct Match {
        const AdminRoute* route = nullptr;  ///< null: see `allowed`
        std::string path{};                 ///< canonical, percent-decoded
        std::vector<std::pair<std::string, std::string>> parameters{};
        std::vector<std::string> allowed{};  ///< methods of the address; empty: there is no such
    };

    /// The route of a method, HEAD being GET, and of a request's target without its query.
    Match find(std::string_view method, std::string_view path) const;

private:
    std::vector<AdminRoute> routes_;  // most text first
};

/// The fields behind the `?` of a request's target, decoded. Throws `invalid_argument` for a broken
/// escape.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view target);

}  // namespace offgrid
