#include "serve/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace offgrid {
namespace {

constexpr std::size_t network_bytes = 8;

std::string in_numbers(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size()) == nullptr ? std::string{}
                                                                             : text.data();
}

}  // namespace

std::string address_text(const sockaddr* address, socklen_t size) {
    if (address == nullptr) {
        return {};
    }
    if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
        sockaddr_in known{};
        std::memcpy(&known, address, sizeof known);
        return in_numbers(AF_INET, &known.sin_addr);
    }
    if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
        sockaddr_in6 known{};
        std::memcpy(&known, address, sizeof known);
        return IN6_IS_ADDR_V4MAPPED(&known.sin6_addr)
                   ? in_numbers(AF_INET, &known.sin6_addr.s6_addr[12])
                   : in_numbers(AF_INET6, &known.sin6_addr);
    }
    return {};
}

std::string network_of(const std::string& address) {
    in6_addr parsed{};
    if (::inet_pton(AF_INET6, address.c_str(), &parsed) != 1 || IN6_IS_ADDR_V4MAPPED(&parsed)) {
        return address;
    }
    std::fill(std::begin(parsed.s6_addr) + network_bytes, std::end(parsed.s6_addr), 0);
    return in_numbers(AF_INET6, &parsed);
}

}  // namespace offgrid
