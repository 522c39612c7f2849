#include "sync/admin_server.h"

#include "sync/admin_handlers.h"

#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Timespan.h>
#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

/// Many more than replaces may run: a connection takes a thread from its first moment, before it is
/// known who it is.
constexpr int max_threads = 64;
constexpr int max_queued = 64;

/// Of silence on a connection until its first byte comes, in seconds. For the rest see
/// `listen_patiently`.
constexpr long first_byte_timeout = 5;

}  // namespace

RequestCount::Running::Running(RequestCount& count) : count_{count} {
    const std::lock_guard lock{count_.mutex_};
    ++count_.running_;
}

RequestCount::Running::~Running() {
    const std::lock_guard lock{count_.mutex_};
    if (--count_.running_ == 0) {
        count_.none_.notify_all();
    }
}

bool RequestCount::wait_for_none(std::chrono::milliseconds timeout) {
    std::unique_lock lock{mutex_};
    return none_.wait_for(lock, timeout, [&] { return running_ == 0; });
}

AdminServer::AdminServer(const AdminSocketOptions& socket, AdminContext context)
    : threads_{1, max_threads} {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;  // counted by Poco
    params->setKeepAlive(false);
    params->setTimeout(Poco::Timespan{first_byte_timeout, 0});
    params->setMaxThreads(max_threads);
    params->setMaxQueued(max_queued);
    server_ =
        std::make_unique<Poco::Net::HTTPServer>(make_admin_handlers(std::move(context), requests_),
                                                threads_, listen_for_admin(socket), params);
    server_->start();
}

AdminServer::~AdminServer() {
    server_->stopAll(true);
    threads_.joinAll();  // what connections share with the server outlives them
    server_.reset();
}

std::string AdminServer::url() const {
    const auto& socket = server_->socket();
    return fmt::format("{}://{}", socket.secure() ? "https" : "http", socket.address().toString());
}

bool AdminServer::drain(std::chrono::milliseconds timeout) {
    server_->stop();
    return requests_.wait_for_none(timeout);
}

}  // namespace offgrid
