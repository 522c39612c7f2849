#pragma once

#include "serve/log.h"
#include "sync/access.h"
#include "sync/admin_router.h"

#include <Poco/Net/HTTPServer.h>
#include <Poco/ThreadPool.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace offgrid {

/// The requests that are being handled. Safe for concurrent use.
class RequestCount {
public:
    /// One request, from its handler's beginning to its end.
    class Running {
    public:
        explicit Running(RequestCount& count);
        ~Running();
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

    private:
        RequestCount& count_;
    };

    /// Wait until none is running. False when the time is up first.
    bool wait_for_none(std::chrono::milliseconds timeout);

private:
    std::mutex mutex_;
    std::condition_variable none_;
    int running_ = 0;
};

/// What every handler of the administration port works with. Nothing is owned; all of it outlives
/// the server.
struct AdminContext {
    const Access& access;
    const AdminRouter& router;
    std::filesystem::path hidden;  ///< the absolute folder that no message may name
    Log log;
};

/// The administration port: the routes of an AdminRouter over HTTP/1.1, one request a connection.
///
/// Who may not is told so before the body is read, and so is who comes while too many bodies are
/// streamed in. Serves from the end of the constructor, on threads of its own; the members
/// themselves are used by one thread. The destructor breaks connections off and waits until their
/// requests have noticed: at once while a body comes in, soon once the ReplaceService is stopped.
class AdminServer {
public:
    /// Throws `invalid_argument` for an address that is none, `busy` when it is taken, `io` when it
    /// cannot be used.
    AdminServer(const std::string& listen, AdminContext context);
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    /// `http://ADDRESS:PORT`
    std::string url() const;

    /// Accept no more connections and finish the requests that are running. Whether all could
    /// finish in time.
    bool drain(std::chrono::milliseconds timeout);

private:
    RequestCount requests_;
    Poco::ThreadPool threads_;
    std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace offgrid
