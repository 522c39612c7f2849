#pragma once

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/http/http_options.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace offgrid::http {

struct ClientOptions {
    std::chrono::milliseconds timeout{120'000};
    std::chrono::milliseconds connection_timeout{30'000};
    std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;

    /// Ends what is under way soon after it is set. Not owned, outlives the client; null: nothing
    /// does.
    const std::atomic<bool>* is_stopped = nullptr;
};

struct Request {
    std::string method{};
    std::string url{};
    HttpHeaders headers{};  ///< one without a value is not sent, also where the library would
    BytesView body{};       ///< borrowed
};

struct Answer {
    int status = 0;
    HttpHeaders headers{};   ///< of the final answer, as they came
    Bytes body{};            ///< whole for 2xx, else no more than the first 64 KiB
    std::string location{};  ///< where a redirect leads, absolute; empty: it is none
};

/// No connection to the server came about: the request was not sent, another server may do.
class Unreachable final : public Error {
public:
    using Error::Error;
};

/// Sends requests over HTTP and HTTPS (libcurl). Connections are kept and used again, one for each
/// thread that sends at the same time. Certificates are checked. Redirects are not followed.
/// Safe for concurrent use.
class Client {
public:
    explicit Client(ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// What the server answers, whatever the status. Throws Unreachable; `busy` when the time is
    /// up, `interrupted` when stopped, `too_large` for a body beyond the limit, `io` when the
    /// transfer fails or ends early and for an answer that is no HTTP. Messages never contain
    /// headers or credentials.
    Answer send(const Request& request) const;

private:
    class Handle;

    std::unique_ptr<Handle> take() const;
    void give_back(std::unique_ptr<Handle> handle) const;

    ClientOptions options_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace offgrid::http
