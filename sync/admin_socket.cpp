#include "sync/admin_socket.h"

#include "formats/base/error.h"
#include "sync/patient_socket.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <fmt/format.h>

namespace offgrid {
namespace {

void check_is_protected(const AdminSocketOptions& options,
                        const Poco::Net::SocketAddress& address) {
    if (!options.tls && !options.allows_plaintext && !address.host().isLoopback()) {
        throw Error{Errc::denied,
                    fmt::format("others can reach {}, and without TLS passwords and tokens would "
                                "cross their network readable: give --tls-cert and --tls-key (see "
                                "`offgrid certificate`), or --admin-plaintext where the network "
                                "itself is protected",
                                options.listen)};
    }
}

}  // namespace

Poco::Net::ServerSocket listen_for_admin(const AdminSocketOptions& options) {
    try {
        const Poco::Net::SocketAddress address{options.listen};
        check_is_protected(options, address);
        return listen_patiently(address, options.tls ? make_tls_context(*options.tls) : nullptr);
    } catch (const Poco::Net::NetException& error) {
        const auto is_taken = error.code() == POCO_EADDRINUSE;
        throw Error{is_taken ? Errc::busy : Errc::invalid_argument,
                    fmt::format("cannot listen on {}: {}", options.listen, error.displayText())};
    } catch (const Poco::Exception& error) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot listen on {}: {}", options.listen, error.displayText())};
    }
}

}  // namespace offgrid
