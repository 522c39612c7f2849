#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Whether the header `Host` is a host and a port and nothing that could change the meaning of an
/// address around it.
bool is_host(std::string_view host);

/// The address at which clients see a server, `https://tiles.example.org/maps`, without slashes at
/// its end. Throws `invalid_argument` for what is no http or https address, or has a query.
std::string public_base(std::string_view url);

/// The names by which a server may be asked, without ports, in any case; `*.example.org` stands for
/// all below it. A value.
class AllowedHosts {
public:
    /// All names.
    AllowedHosts() = default;

    /// Those of the list; empty: all. Throws `invalid_argument` for one that is no name.
    explicit AllowedHosts(std::vector<std::string> names);

    /// Whether the header `Host` has one of the names, whatever its port.
    bool allows(std::string_view host) const;

private:
    std::vector<std::string> names_;  // in lower case
};

}  // namespace offgrid
