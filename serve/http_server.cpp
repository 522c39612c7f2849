#include "serve/http_server.h"

#include "formats/base/error.h"
#include "serve/listen_socket.h"

#include <fmt/format.h>
#include <microhttpd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <utility>

namespace offgrid {
namespace {

using Clock = std::chrono::steady_clock;

/// Memory of a connection for what it receives and for the headers it sends; longer requests are
/// refused.
constexpr std::size_t connection_memory_bytes = 16 << 10;

/// How long connections without a request are kept while draining: a request may be on its way on
/// them.
constexpr std::chrono::milliseconds drain_grace{200};

/// Leaves the listening socket to its owner, who closes it afterwards.
struct StopDaemon {
    void operator()(MHD_Daemon* daemon) const noexcept {
        MHD_quiesce_daemon(daemon);
        MHD_stop_daemon(daemon);
    }
};
struct DestroyResponse {
    void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using MhdResponse = std::unique_ptr<MHD_Response, DestroyResponse>;

void free_body(void* body) noexcept {
    const std::unique_ptr<Bytes> owner{static_cast<Bytes*>(body)};
}

/// Hands the body over: it is sent from where it is.
MhdResponse to_mhd(Response::Body body) {
    if (const auto* const view = std::get_if<BytesView>(&body)) {
        auto* const bytes = const_cast<std::uint8_t*>(view->data());  // only read
        return MhdResponse{
            MHD_create_response_from_buffer(view->size(), bytes, MHD_RESPMEM_PERSISTENT)};
    }
    auto owner = std::make_unique<Bytes>(std::move(std::get<Bytes>(body)));
    MhdResponse response{MHD_create_response_from_buffer_with_free_callback_cls(
        owner->size(), owner->data(), &free_body, owner.get())};
    if (response) {
        static_cast<void>(owner.release());  // free_body has it now
    }
    return response;
}

std::string_view header_of(MHD_Connection* connection, const char* name) {
    const char* const value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string_view{} : value;
}

/// Has room already, so that nothing is thrown through libmicrohttpd.
MHD_Result add_field(void* fields, MHD_ValueKind /*kind*/, const char* name,
                     const char* value) noexcept {
    static_cast<std::vector<QueryField>*>(fields)->push_back(
        {name, value == nullptr ? std::string_view{} : value});
    return MHD_YES;
}

std::vector<QueryField> query_of(MHD_Connection* connection) {
    constexpr auto kind = MHD_GET_ARGUMENT_KIND;
    std::vector<QueryField> fields;
    const int count = MHD_get_connection_values(connection, kind, nullptr, nullptr);
    if (count > 0) {
        fields.reserve(static_cast<std::size_t>(count));
        MHD_get_connection_values(connection, kind, &add_field, &fields);
    }
    return fields;
}

/// Addresses reach the router as they were sent; it decodes them part by part. (libmicrohttpd has
/// made a space of each `+` in the query by then.)
std::size_t leave_escapes(void* /*cls*/, MHD_Connection* /*connection*/, char* text) noexcept {
    return std::strlen(text);
}

}  // namespace

/// The daemon of libmicrohttpd with what its callbacks need. Callbacks run on its threads; nothing
/// may be thrown through them.
struct HttpServer::Daemon {
    Daemon(const HttpServerOptions& options, Handler handle, Log report);

    bool drain(std::chrono::milliseconds timeout);

    Response answer(MHD_Connection* connection, const char* method, const char* url) const noexcept;
    MHD_Result send(MHD_Connection* connection, Response response, bool keeps_alive) const noexcept;

    static MHD_Result on_request(void* cls, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* upload,
                                 std::size_t* upload_size, void** state) noexcept;
    static void on_completed(void* cls, MHD_Connection* connection, void** state,
                             MHD_RequestTerminationCode code) noexcept;

    unsigned open_connections() const;

    Handler handler;
    Log log;
    std::atomic<int> running = 0;  // requests between their first header and their last byte
    std::atomic<bool> is_draining = false;
    std::mutex mutex;  // only to wait on `changed`
    std::condition_variable changed;
    UniqueFd listener;  // closed after the daemon is stopped: its threads look at it until then
    BoundAddress bound;
    std::unique_ptr<MHD_Daemon, StopDaemon> mhd;
};

HttpServer::Daemon::Daemon(const HttpServerOptions& options, Handler handle, Log report)
    : handler{std::move(handle)},
      log{std::move(report)},
      listener{listen_at(options.listen)},
      bound{bound_address(listener)} {
    // One thread is no pool, which libmicrohttpd calls 0.
    const unsigned pool_size = options.threads > 1 ? options.threads : 0;
    const auto idle_seconds = static_cast<unsigned>(options.idle_timeout.count());
    mhd.reset(MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr,
                               &on_request, this, MHD_OPTION_LISTEN_SOCKET, listener.get(),  //
                               MHD_OPTION_THREAD_POOL_SIZE, pool_size,                       //
                               MHD_OPTION_CONNECTION_LIMIT, options.max_connections,         //
                               MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,                  //
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory_bytes,  //
                               MHD_OPTION_STRICT_FOR_CLIENT, 1,                              //
                               MHD_OPTION_UNESCAPE_CALLBACK, &leave_escapes, nullptr,        //
                               MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this, MHD_OPTION_END));
    if (!mhd) {
        throw Error{Errc::io, fmt::format("cannot start a server on {}", options.listen)};
    }
}

bool HttpServer::Daemon::drain(std::chrono::milliseconds timeout) {
    const auto start = Clock::now();
    is_draining = true;
    MHD_quiesce_daemon(mhd.get());
    std::unique_lock lock{mutex};
    const bool is_drained = changed.wait_until(lock, start + timeout, [&] { return running == 0; });
    // A client that keeps its connection learns from its next answer that it is to be closed; give
    // it the chance.
    const auto grace_end = std::min(start + timeout, Clock::now() + drain_grace);
    while (open_connections() > 0 && Clock::now() < grace_end) {
        changed.wait_for(lock, std::chrono::milliseconds{10});
    }
    const bool is_idle = changed.wait_until(lock, start + timeout, [&] { return running == 0; });
    lock.unlock();
    mhd.reset();
    listener = UniqueFd{};  // who comes from now on is refused instead of waiting
    return is_drained && is_idle;
}

unsigned HttpServer::Daemon::open_connections() const {
    const auto* const found = MHD_get_daemon_info(mhd.get(), MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return found == nullptr ? 0 : found->num_connections;
}

MHD_Result HttpServer::Daemon::on_request(void* cls, MHD_Connection* connection, const char* url,
                                          const char* method, const char* /*version*/,
                                          const char* /*upload*/, std::size_t* upload_size,
                                          void** state) noexcept {
    auto& self = *static_cast<Daemon*>(cls);
    const std::string_view name = method;
    const bool may_keep_alive = name == "GET" || name == "HEAD";
    if (*state == nullptr) {
        // The first of two calls: the headers are here, a body may follow.
        *state = &self;
        ++self.running;
        return may_keep_alive
                   ? MHD_YES
                   : self.send(connection, self.answer(connection, method, url), may_keep_alive);
    }
    if (*upload_size > 0) {
        *upload_size = 0;  // what a GET brings along is read past
        return MHD_YES;
    }
    return self.send(connection, self.answer(connection, method, url), may_keep_alive);
}

void HttpServer::Daemon::on_completed(void* cls, MHD_Connection* /*connection*/, void** state,
                                      MHD_RequestTerminationCode /*code*/) noexcept {
    if (*state == nullptr) {
        return;
    }
    *state = nullptr;
    auto& self = *static_cast<Daemon*>(cls);
    --self.running;
    if (self.is_draining) {
        const std::lock_guard lock{self.mutex};
        self.changed.notify_all();
    }
}

Response HttpServer::Daemon::answer(MHD_Connection* connection, const char* method,
                                    const char* url) const noexcept {
    try {
        return handler(
            {.method = method,
             .path = url,
             .query = query_of(connection),
             .host = header_of(connection, MHD_HTTP_HEADER_HOST),
             .if_none_match = header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
             .if_modified_since = header_of(connection, MHD_HTTP_HEADER_IF_MODIFIED_SINCE)});
    } catch (const std::exception& error) {
        log(fmt::format("{} {}: {}", method, url, error.what()));
        return text_response(500, "internal error");
    }
}

MHD_Result HttpServer::Daemon::send(MHD_Connection* connection, Response response,
                                    bool keeps_alive) const noexcept {
    const auto status = static_cast<unsigned>(response.status);
    const auto mhd_response = to_mhd(std::move(response.body));
    if (!mhd_response) {
        return MHD_NO;  // no memory: the connection is closed
    }
    for (const auto& header : response.headers) {
        if (MHD_add_response_header(mhd_response.get(), header.name, header.value.c_str()) !=
            MHD_YES) {
            log(fmt::format("header {} cannot be sent", header.name));
        }
    }
    if (!keeps_alive || is_draining) {
        MHD_add_response_header(mhd_response.get(), MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return MHD_queue_response(connection, status, mhd_response.get());
}

// --- HttpServer

HttpServer::HttpServer(const HttpServerOptions& options, Handler handler, Log log)
    : daemon_{std::make_unique<Daemon>(options, std::move(handler), std::move(log))} {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
    return daemon_->bound.port;
}

std::string HttpServer::url() const {
    return fmt::format("http://{}:{}", daemon_->bound.address, daemon_->bound.port);
}

bool HttpServer::drain(std::chrono::milliseconds timeout) {
    return daemon_->mhd == nullptr || daemon_->drain(timeout);
}

}  // namespace offgrid
