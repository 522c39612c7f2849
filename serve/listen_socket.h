#pragma once

#include "formats/base/unique_fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace offgrid {

/// A socket that accepts connections at `ADDRESS:PORT`, `[ADDRESS]:PORT` or `NAME:PORT`; port 0
/// takes any that is free.
///
/// Throws `invalid_argument` for a text of another form, `busy` when the port is taken, `io` when
/// the address is not one of this machine, `denied` when this user may not.
UniqueFd listen_at(std::string_view address);

/// Where a socket listens: address in numbers, in brackets for IPv6, and port.
struct BoundAddress {
    std::string address;
    std::uint16_t port = 0;
};

BoundAddress bound_address(const UniqueFd& socket);

}  // namespace offgrid
