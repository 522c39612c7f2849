#pragma once

#include <Poco/Net/Context.h>

#include <filesystem>

namespace offgrid {

/// A certificate and its private key, both in PEM. The certificate's file may hold the
/// intermediate ones behind it.
struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

/// What takes connections over TLS 1.2 or 1.3 only, with forward secrecy and authenticated ciphers.
/// Throws `invalid_argument` for files that are no certificate and key that belong together, and
/// `denied` when the key's file may be read by everyone.
Poco::Net::Context::Ptr make_tls_context(const TlsFiles& files);

}  // namespace offgrid
