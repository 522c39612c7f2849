#include "serve/http_server.h"

#include "formats/base/error.h"
#include "serve/host_name.h"
#include "serve/listen_socket.h"
#include "serve/mhd_request.h"

#include <fmt/format.h>
#include <microhttpd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <limits>
#include <mutex>
#include <span>
#include <utility>

namespace offgrid {
namespace {

using Clock = std::chrono::steady_clock;

/// Memory of a connection for what it receives and for the headers it sends; longer requests are
/// refused. 2 000 idle clients cost half of what they may at that.
constexpr std::size_t connection_memory_bytes = 12 << 10;

/// How long connections without a request are kept while draining: a request may be on its way on
/// them.
constexpr std::chrono::milliseconds drain_grace{200};

/// Between two looks for requests that still run, should nobody tell that one has ended.
constexpr std::chrono::milliseconds drain_look{10};

/// A scheme and the longest Host.
constexpr std::size_t max_base_bytes = 272;

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

/// Whether what a request brings along is read and forgotten, so that its connection can be kept;
/// other methods are answered at once.
bool reads_past_body(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

/// Addresses reach the router as they were sent; it decodes them part by part. (libmicrohttpd has
/// made a space of each `+` in the query by then.)
std::size_t leave_escapes(void* /*cls*/, MHD_Connection* /*connection*/, char* text) noexcept {
    return std::strlen(text);
}

/// `http://HOST` for a Host that can stand in an address; empty for others. In `room`.
std::string_view base_of(std::string_view scheme, std::string_view host, std::span<char> room) {
    if (!is_host(host) || scheme.size() + host.size() > room.size()) {
        return {};
    }
    const auto end = std::ranges::copy(scheme, room.begin()).out;
    std::ranges::copy(host, end);
    return {room.data(), scheme.size() + host.size()};
}

/// GnuTLS's way to say: what is held to be safe, and of versions the last two.
constexpr const char* tls_priorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";

void check_tls_support() {
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        throw Error{Errc::unsupported,
                    "this build of libmicrohttpd has no TLS: put a proxy in front, or use another "
                    "build"};
    }
}

/// Only read.
void* text_for_library(const char* text) {
    return const_cast<char*>(text);
}

/// Many times what a server has of clients that it has shut down and not yet closed.
constexpr unsigned spare_connections = 64;

/// The whole limit for each thread, which takes what it gets: ConnectionWatch counts them together.
unsigned limit_of_library(const HttpServerOptions& options) {
    constexpr std::size_t most = std::numeric_limits<int>::max();
    const auto threads = std::max(1U, options.threads);
    const auto each = options.limits.connections + spare_connections;
    return static_cast<unsigned>(std::min(most, each * threads));
}

}  // namespace

/// The daemon of libmicrohttpd with what its callbacks need. Callbacks run on its threads; nothing
/// may be thrown through them.
struct HttpServer::Daemon {
    Daemon(UniqueFd socket, const HttpServerOptions& options, Handler handle, Log report);

    bool drain(std::chrono::milliseconds timeout);

    MHD_Result answer(MHD_Connection* connection, WatchedConnection& watched, const char* method,
                      const char* url, const char* version) const noexcept;
    Response response_to(const Request& request) const noexcept;
    MHD_Result send(MHD_Connection* connection, Response response, bool keeps_alive) const noexcept;

    static MHD_Result on_client(void* cls, const sockaddr* address, socklen_t size) noexcept;
    static void on_connection(void* cls, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode code) noexcept;
    static void* on_first_line(void* cls, const char* target, MHD_Connection* connection) noexcept;
    static MHD_Result on_request(void* cls, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char* upload,
                                 std::size_t* upload_size, void** state) noexcept;
    static void on_completed(void* cls, MHD_Connection* connection, void** state,
                             MHD_RequestTerminationCode code) noexcept;

    bool is_draining() const { return statistics.is_draining.load(std::memory_order_relaxed); }
    bool is_idle_by(std::unique_lock<std::mutex>& lock, Clock::time_point deadline);

    Handler handler;
    Log log;
    AccessLog* access_log;  // null: there is none
    std::string public_base;
    std::string scheme = "http://";
    HttpStatistics own_statistics;  // where the options name none
    HttpStatistics& statistics;
    ConnectionWatch watch;
    std::mutex mutex;  // only to wait on `changed`
    std::condition_variable changed;
    UniqueFd listener;  // closed after the daemon is stopped: its threads look at it until then
    BoundAddress bound;
    std::unique_ptr<MHD_Daemon, StopDaemon> mhd;
};

HttpServer::Daemon::Daemon(UniqueFd socket, const HttpServerOptions& options, Handler handle,
                           Log report)
    : handler{std::move(handle)},
      log{std::move(report)},
      access_log{options.access_log},
      public_base{options.public_base},
      statistics{options.statistics == nullptr ? own_statistics : *options.statistics},
      watch{options.limits, statistics},
      listener{std::move(socket)},
      bound{bound_address(listener)} {
    // One thread is no pool, which libmicrohttpd calls 0.
    const unsigned pool_size = options.threads > 1 ? options.threads : 0;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
    std::array<MHD_OptionItem, 4> tls{};  // ends with an item of zeros, MHD_OPTION_END
    if (options.tls) {
        check_tls_support();
        flags |= MHD_USE_TLS;
        scheme = "https://";
        tls[0] = {MHD_OPTION_HTTPS_MEM_CERT, 0, text_for_library(options.tls->certificate.c_str())};
        tls[1] = {MHD_OPTION_HTTPS_MEM_KEY, 0, text_for_library(options.tls->key.c_str())};
        tls[2] = {MHD_OPTION_HTTPS_PRIORITIES, 0, text_for_library(tls_priorities)};
    }
    mhd.reset(MHD_start_daemon(flags, 0, &on_client, this, &on_request, this,
                               MHD_OPTION_LISTEN_SOCKET, listener.get(),                     //
                               MHD_OPTION_THREAD_POOL_SIZE, pool_size,                       //
                               MHD_OPTION_CONNECTION_LIMIT, limit_of_library(options),       //
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory_bytes,  //
                               MHD_OPTION_STRICT_FOR_CLIENT, 1,                              //
                               MHD_OPTION_UNESCAPE_CALLBACK, &leave_escapes, nullptr,        //
                               MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this,           //
                               MHD_OPTION_URI_LOG_CALLBACK, &on_first_line, this,            //
                               MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this,             //
                               MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END));
    if (!mhd && options.tls) {
        throw Error{Errc::invalid_argument,
                    "cannot use TLS: that is no certificate with its key, both in PEM"};
    }
    if (!mhd) {
        throw Error{Errc::io,
                    fmt::format("cannot start a server on {}:{}", bound.address, bound.port)};
    }
}

bool HttpServer::Daemon::drain(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    statistics.is_draining = true;
    MHD_quiesce_daemon(mhd.get());
    std::unique_lock lock{mutex};
    const bool is_drained = is_idle_by(lock, deadline);
    // A client that keeps its connection learns from its next answer that it is to be closed; give
    // it the chance.
    const auto grace_end = std::min(deadline, Clock::now() + drain_grace);
    while (statistics.open > 0 && Clock::now() < grace_end) {
        changed.wait_for(lock, drain_look);
    }
    const bool is_idle = is_idle_by(lock, deadline);
    lock.unlock();
    mhd.reset();
    listener = UniqueFd{};  // who comes from now on is refused instead of waiting
    return is_drained && is_idle;
}

bool HttpServer::Daemon::is_idle_by(std::unique_lock<std::mutex>& lock,
                                    Clock::time_point deadline) {
    while (watch.busy() > 0) {
        if (Clock::now() >= deadline) {
            return false;
        }
        changed.wait_for(lock, drain_look);
    }
    return true;
}

MHD_Result HttpServer::Daemon::on_client(void* cls, const sockaddr* address,
                                         socklen_t size) noexcept {
    return static_cast<Daemon*>(cls)->watch.admits(address, size) ? MHD_YES : MHD_NO;
}

void HttpServer::Daemon::on_connection(void* cls, MHD_Connection* connection, void** context,
                                       MHD_ConnectionNotificationCode code) noexcept {
    auto& self = *static_cast<Daemon*>(cls);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context != nullptr) {
            self.watch.close(static_cast<WatchedConnection*>(*context));
        }
        return;
    }
    const auto* const socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const auto* const client =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (socket != nullptr && client != nullptr) {
        *context =
            self.watch.open(socket->connect_fd, client->client_addr, sizeof(sockaddr_storage));
    }
}

/// What this returns is the state of the request.
void* HttpServer::Daemon::on_first_line(void* cls, const char* target,
                                        MHD_Connection* connection) noexcept {
    const auto* const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    auto* const watched =
        info == nullptr ? nullptr : static_cast<WatchedConnection*>(info->socket_context);
    if (watched != nullptr) {
        watched->begin_header();
        if (static_cast<Daemon*>(cls)->access_log != nullptr) {
            watched->keep_target(target);
        }
    }
    return watched;
}

MHD_Result HttpServer::Daemon::on_request(void* cls, MHD_Connection* connection, const char* url,
                                          const char* method, const char* version,
                                          const char* /*upload*/, std::size_t* upload_size,
                                          void** state) noexcept {
    const auto& self = *static_cast<Daemon*>(cls);
    auto* const watched = static_cast<WatchedConnection*>(*state);
    if (watched == nullptr) {
        return MHD_NO;  // there was no memory to watch it
    }
    if (!watched->is_header_read()) {
        // The first of two calls: the headers are here, a body may follow.
        watched->enter(ConnectionPhase::body);
        return reads_past_body(method) ? MHD_YES
                                       : self.answer(connection, *watched, method, url, version);
    }
    if (*upload_size > 0) {
        *upload_size = 0;  // what a GET brings along is read past
        return MHD_YES;
    }
    return self.answer(connection, *watched, method, url, version);
}

void HttpServer::Daemon::on_completed(void* cls, MHD_Connection* /*connection*/, void** state,
                                      MHD_RequestTerminationCode /*code*/) noexcept {
    auto* const watched = static_cast<WatchedConnection*>(*state);
    if (watched == nullptr) {
        return;
    }
    *state = nullptr;
    watched->enter(ConnectionPhase::idle);
    auto& self = *static_cast<Daemon*>(cls);
    if (self.is_draining()) {
        const std::lock_guard lock{self.mutex};
        self.changed.notify_all();
    }
}

MHD_Result HttpServer::Daemon::answer(MHD_Connection* connection, WatchedConnection& watched,
                                      const char* method, const char* url,
                                      const char* version) const noexcept {
    watched.enter(ConnectionPhase::work);
    Request request{.method = method, .path = url, .client = watched.address()};
    if (!read_fields(connection, request)) {
        return MHD_NO;
    }
    std::array<char, max_base_bytes> room{};
    request.base =
        public_base.empty() ? base_of(scheme, request.host, room) : std::string_view{public_base};
    auto response = response_to(request);
    if (access_log != nullptr) {
        const bool has_body = request.method != "HEAD" && response.status != 304;
        access_log->write({.request = request,
                           .target = watched.target(),
                           .version = version,
                           .user = response.user,
                           .status = response.status,
                           .body_bytes = has_body ? response.content().size() : 0});
    }
    watched.enter(ConnectionPhase::send);
    return send(connection, std::move(response), reads_past_body(request.method));
}

Response HttpServer::Daemon::response_to(const Request& request) const noexcept {
    try {
        return handler(request);
    } catch (const std::exception& error) {
        log(fmt::format("{} {}: {}", request.method, request.path, error.what()));
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
    if (!keeps_alive || is_draining()) {
        MHD_add_response_header(mhd_response.get(), MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return MHD_queue_response(connection, status, mhd_response.get());
}

// --- HttpServer

HttpServer::HttpServer(const HttpServerOptions& options, Handler handler, Log log)
    : HttpServer{listen_at(options.listen), options, std::move(handler), std::move(log)} {}

HttpServer::HttpServer(UniqueFd listener, const HttpServerOptions& options, Handler handler,
                       Log log)
    : daemon_{std::make_unique<Daemon>(std::move(listener), options, std::move(handler),
                                       std::move(log))} {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
    return daemon_->bound.port;
}

std::string HttpServer::url() const {
    return fmt::format("{}{}:{}", daemon_->scheme, daemon_->bound.address, daemon_->bound.port);
}

bool HttpServer::is_on_loopback() const {
    return daemon_->bound.address.starts_with("127.") || daemon_->bound.address == "[::1]";
}

bool HttpServer::drain(std::chrono::milliseconds timeout) {
    return daemon_->mhd == nullptr || daemon_->drain(timeout);
}

}  // namespace offgrid
