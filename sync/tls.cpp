#include "sync/tls.h"

#include "formats/base/error.h"

#include <Poco/AutoPtr.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SecureStreamSocketImpl.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/Timespan.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Poco::Net::Context;
using Poco::Net::SecureStreamSocket;
using Poco::Net::SecureStreamSocketImpl;
using Poco::Net::StreamSocketImpl;

/// Two round trips and the work of a slow device.
constexpr std::chrono::seconds handshake_timeout{5};

constexpr int backlog = 64;

/// Those of TLS 1.2; TLS 1.3 has only such.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

/// A TLS connection that gives its handshake a deadline. Poco's own waits anew for each byte.
///
/// The server breaks it off from another thread while its own thread reads, so `shutdown` leaves
/// the state of OpenSSL alone.
class PatientSocket final : public SecureStreamSocketImpl {
public:
    PatientSocket(StreamSocketImpl* plain, Context::Ptr context)
        : SecureStreamSocketImpl{plain, std::move(context)}, plain_{plain, true} {
        acceptSSL();
    }

    int receiveBytes(void* buffer, int length, int flags) override {
        if (!is_ready_) {
            shake_hands();
            is_ready_ = true;
        }
        return SecureStreamSocketImpl::receiveBytes(buffer, length, flags);
    }

    void shutdown() override { plain_->shutdown(); }
    void shutdownSend() override { plain_->shutdownSend(); }

private:
    void shake_hands() {
        using Clock = std::chrono::steady_clock;
        const auto deadline = Clock::now() + handshake_timeout;
        plain_->setBlocking(false);
        for (int result = completeHandshake(); result != 1; result = completeHandshake()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
            const auto mode = result == SecureStreamSocket::ERR_SSL_WANT_WRITE
                                  ? Poco::Net::Socket::SELECT_WRITE
                                  : Poco::Net::Socket::SELECT_READ;
            if (result == 0 || left.count() <= 0 ||
                !plain_->poll(Poco::Timespan{left.count()}, mode)) {
                throw Poco::TimeoutException{"no TLS handshake"};
            }
        }
        plain_->setBlocking(true);
    }

    Poco::AutoPtr<StreamSocketImpl> plain_;
    bool is_ready_ = false;
};

class ListeningImpl final : public Poco::Net::ServerSocketImpl {
public:
    explicit ListeningImpl(Context::Ptr context) : context_{std::move(context)} {}

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& client) override {
        const Poco::Net::StreamSocket plain{ServerSocketImpl::acceptConnection(client)};
        return new PatientSocket{static_cast<StreamSocketImpl*>(plain.impl()),
                                 context_};  // Poco takes it over
    }

    bool secure() const override { return true; }

private:
    Context::Ptr context_;
};

class ListeningSocket final : public Poco::Net::ServerSocket {
public:
    ListeningSocket(const Poco::Net::SocketAddress& address, Context::Ptr context)
        : ServerSocket{new ListeningImpl{std::move(context)}, true} {  // counted by Poco
        bind(address, true);
        listen(backlog);
    }
};

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

Context::Ptr make_context(const TlsFiles& files) {
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

}  // namespace

Poco::Net::ServerSocket listen_with_tls(const Poco::Net::SocketAddress& address,
                                        const TlsFiles& files) {
    return ListeningSocket{address, make_context(files)};
}

}  // namespace offgrid
