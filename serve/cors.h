#pragma once

#include "serve/request.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Which pages of other sites may use what is served (Fetch Standard, "CORS protocol"). A value.
class Cors {
public:
    /// All of them.
    Cors() = default;

    /// `off`, `any`, or origins such as `https://maps.example.org`, separated by commas. Throws
    /// `invalid_argument` for one that is none.
    explicit Cors(std::string_view text);

    /// The answer to a browser that asks whether it may ask; nothing for other requests.
    std::optional<Response> preflight(const Request& request) const;

    void add_headers(Response& response, const Request& request) const;

private:
    enum class Pages { none, listed, any };

    Pages pages_ = Pages::any;
    std::vector<std::string> origins_;
};

}  // namespace offgrid
