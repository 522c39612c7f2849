#pragma once

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

#include <filesystem>

namespace offgrid {

/// A certificate and its private key, both in PEM. The certificate's file may hold the
/// intermediate ones behind it.
struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

/// A socket that listens and takes connections over TLS 1.2 or 1.3 only, with forward secrecy and
/// authenticated ciphers.
///
/// The handshake is made by the thread that first reads from a connection, and is over after
/// seconds however slowly the client sends its bytes. Throws `invalid_argument` for files that are
/// no certificate and key that belong together, `denied` when the key's file may be read by
/// everyone, and Poco's exceptions when the address cannot be listened on.
Poco::Net::ServerSocket listen_with_tls(const Poco::Net::SocketAddress& address,
                                        const TlsFiles& files);

}  // namespace offgrid
