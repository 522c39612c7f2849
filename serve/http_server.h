#pragma once

#include "serve/log.h"
#include "serve/request.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace offgrid {

/// How an HttpServer listens and works.
struct HttpServerOptions {
    std::string listen =
        "127.0.0.1:8080";  ///< ADDRESS:PORT, [ADDRESS]:PORT for IPv6; port 0: any that is free
    unsigned threads = 4;  ///< workers; a request occupies one while its handler runs
    unsigned max_connections =
        4096;  ///< open at a time, idle ones included; more are closed at once
    std::chrono::seconds idle_timeout{60};  ///< after which a silent connection is closed
};

/// A read-only HTTP/1.1 server: turns what arrives into a Request and what the handler returns into
/// bytes.
///
/// Serves from the end of the constructor. The handler is called by all workers at once, for every
/// method; requests with other methods than GET and HEAD are answered before their body is read. An
/// exception from the handler is answered with 500 and logged. The destructor stops at once; call
/// `drain` first where running requests matter. The members themselves are used by one thread.
class HttpServer {
public:
    using Handler = std::function<Response(const Request& request)>;

    /// Throws `invalid_argument` for an address that is none, `busy` when it is taken, `io` when it
    /// cannot be used.
    HttpServer(const HttpServerOptions& options, Handler handler, Log log);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// The port that is listened on.
    std::uint16_t port() const;

    /// `http://ADDRESS:PORT` as a client on this machine may ask for it.
    std::string url() const;

    /// Accept no more connections, finish the requests that are running, then stop. Whether all of
    /// them could finish in time.
    bool drain(std::chrono::milliseconds timeout);

private:
    struct Daemon;
    std::unique_ptr<Daemon> daemon_;
};

}  // namespace offgrid
