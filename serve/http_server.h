#pragma once

#include "formats/base/unique_fd.h"
#include "serve/access_log.h"
#include "serve/connection_watch.h"
#include "serve/http_statistics.h"
#include "serve/log.h"
#include "serve/request.h"
#include "serve/tls_files.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {

/// How an HttpServer listens and works.
struct HttpServerOptions {
    std::string listen =
        "127.0.0.1:8080";  ///< ADDRESS:PORT, [ADDRESS]:PORT for IPv6; port 0: any that is free
    unsigned threads = 4;  ///< workers; a request occupies one while its handler runs
    ConnectionLimits limits{};
    std::string public_base{};     ///< of every request, as `public_base` makes it; empty: what the
                                   ///< client asks for
    std::optional<TlsText> tls{};  ///< TLS 1.2 and 1.3 only, with this certificate; nothing: none
    AccessLog* access_log = nullptr;       ///< of all requests; not owned, null: there is none
    HttpStatistics* statistics = nullptr;  ///< counted in; not owned, null: nowhere
};

/// A read-only HTTP/1.1 server: turns what arrives into a Request and what the handler returns into
/// bytes.
///
/// Serves from the end of the constructor. The handler is called by all workers at once, for every
/// method; requests with other methods than GET, HEAD and OPTIONS are answered before their body is
/// read. Clients that are slow, or too many, are closed as ConnectionWatch says. An
/// exception from the handler is answered with 500 and logged. The destructor stops at once; call
/// `drain` first where running requests matter. The members themselves are used by one thread.
class HttpServer {
public:
    using Handler = std::function<Response(const Request& request)>;

    /// Throws `unsupported` where TLS is asked of a libmicrohttpd without it, `invalid_argument`
    /// for a certificate and key that do not belong together and for an address that is none,
    /// `busy` when it is taken, `io` when it cannot be used.
    HttpServer(const HttpServerOptions& options, Handler handler, Log log);

    /// The same on a socket that listens already.
    HttpServer(UniqueFd listener, const HttpServerOptions& options, Handler handler, Log log);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// The port that is listened on.
    std::uint16_t port() const;

    /// `http://ADDRESS:PORT`, or `https`, as a client on this machine may ask for it.
    std::string url() const;

    /// Whether nobody but this machine can reach it.
    bool is_on_loopback() const;

    /// Accept no more connections, finish the requests that are running, then stop. Whether all of
    /// them could finish in time.
    bool drain(std::chrono::milliseconds timeout);

private:
    struct Daemon;
    std::unique_ptr<Daemon> daemon_;
};

}  // namespace offgrid
