#pragma once

#include <string>
#include <string_view>

namespace offgrid {

/// A request that is refused, as far as the log tells. All of it may be a stranger's. Borrows.
struct RefusedRequest {
    std::string_view method{};
    std::string_view target{};   ///< shown is its path alone: the rest may hold a secret
    std::string_view user{};     ///< the name that was tried; empty: none
    std::string_view address{};  ///< that it comes from
};

/// The line of the log: `POST /rest/sqlite/replace by anna from 192.0.2.7 refused (401): …`.
///
/// Whatever the request holds, what stands before the reason is shorter than 600 bytes and prints:
/// the name is percent-encoded, of the rest other characters than those of ASCII are `?`.
std::string refusal_line(const RefusedRequest& request, int status, std::string_view reason);

}  // namespace offgrid
