#pragma once

#include <sys/socket.h>

#include <string>

namespace offgrid {

/// The address in numbers, without a port; an IPv4 address in IPv6 as the IPv4 address it is. Empty
/// for what has none.
std::string address_text(const sockaddr* address, socklen_t size);

/// Who is counted as one client: an IPv4 address, or the first 64 bits of an IPv6 address, since
/// what is left of that is its owner's to choose.
std::string network_of(const std::string& address);

}  // namespace offgrid
