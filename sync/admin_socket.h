#pragma once

#include "sync/tls.h"

#include <Poco/Net/ServerSocket.h>

#include <optional>
#include <string>

namespace offgrid {

/// Where the administration port is. A value.
struct AdminSocketOptions {
    std::string listen = "127.0.0.1:8081";  ///< port 0: any that is free
    std::optional<TlsFiles> tls{};          ///< none: plain HTTP
    bool allows_plaintext = false;          ///< plain HTTP on an address that others reach, too
};

/// The socket that listens there, as `listen_patiently` makes it. Throws `invalid_argument` for an
/// address that is none, `busy` when it is taken, `io` when it cannot be used, what
/// `make_tls_context` throws, and `denied` for plain HTTP where passwords and tokens would cross a
/// network readable.
Poco::Net::ServerSocket listen_for_admin(const AdminSocketOptions& options);

}  // namespace offgrid
