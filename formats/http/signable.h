#pragma once

#include "formats/base/bytes.h"
#include "formats/http/http_options.h"
#include "formats/http/http_time.h"

#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::http {

/// What a signature covers of a request. A value whose texts are borrowed.
struct Signable {
    std::string_view method{};
    std::string_view path{};  ///< percent-encoded, as it is sent; there is no query
    HttpHeaders headers{};    ///< all that are sent
    BytesView body{};
    Time time{};
};

/// The headers by lower-case name, sorted, values trimmed; those without a value are not sent and
/// left out.
std::vector<std::pair<std::string, std::string>> canonical_headers(const HttpHeaders& headers);

}  // namespace offgrid::http
