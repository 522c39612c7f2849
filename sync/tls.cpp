#include "sync/tls.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Poco::Net::Context;

/// Those of TLS 1.2; TLS 1.3 has only such.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

std::string last_reason() {
    const auto code = ERR_get_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "not PEM" : reason;
}

[[noreturn]] void refuse(std::string_view what, const fs::path& path) {
    throw Error{Errc::invalid_argument,
                fmt::format("cannot use {} as {}: {}", path.string(), what, last_reason())};
}

/// Whoever reads the key can pretend to be this server.
void check_is_private(const fs::path& key) {
    struct stat info {};
    if (::stat(key.c_str(), &info) != 0) {
        throw system_error(errno, fmt::format("cannot open {}", key.string()));
    }
    if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
        throw Error{Errc::denied,
                    fmt::format("{}: the private key may be read or written by others; chmod 600",
                                key.string())};
    }
}

}  // namespace

Context::Ptr make_tls_context(const TlsFiles& files) {
    check_is_private(files.key);
    Context::Params params;
    params.verificationMode = Context::VERIFY_NONE;  // of clients
    params.cipherList = ciphers;
    params.dhUse2048Bits = true;
    Context::Ptr context = new Context{Context::TLS_SERVER_USE, params};  // counted by Poco
    auto* const tls = context->sslContext();
    ERR_clear_error();
    // Poco's default asks for the passphrase of a key on the terminal.
    SSL_CTX_set_default_passwd_cb(tls, [](char*, int, int, void*) { return -1; });
    if (SSL_CTX_use_certificate_chain_file(tls, files.certificate.c_str()) != 1) {
        refuse("a certificate", files.certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(tls, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        refuse(fmt::format("the key of {}", files.certificate.string()), files.key);
    }
    if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1) {
        throw Error{Errc::unsupported, "this OpenSSL has no TLS 1.2"};
    }
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return context;
}

}  // namespace offgrid
