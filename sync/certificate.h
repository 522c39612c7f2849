#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace offgrid {

struct CertificateOptions {
    std::vector<std::string> names;   ///< host names and IP addresses that it is for; at least one
    std::chrono::days validity{825};  ///< the longest that all browsers take
};

/// A self-signed certificate and its private key. A value.
struct SelfSigned {
    std::string certificate_pem;
    std::string key_pem;
    std::string sha256;  ///< of the certificate as browsers show it: `AB:CD:…`
};

/// Make a key (EC, P-256) and a certificate for a server that has it. Valid from a day before
/// `now`, as clocks in the field differ. Throws `invalid_argument` for a name that is none.
SelfSigned make_certificate(const CertificateOptions& options,
                            std::chrono::system_clock::time_point now);

}  // namespace offgrid
