#include "sync/admin_handlers.h"

#include "formats/base/error.h"
#include "sync/entry_names.h"
#include "sync/replace_form.h"
#include "sync/reply.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <semaphore>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

/// GeoWebCache's manual, GeoServer's, and the path of each without its context.
constexpr std::array<std::string_view, 4> replace_paths{"/sqlite/replace", "/rest/sqlite/replace",
                                                        "/geowebcache/rest/sqlite/replace",
                                                        "/geoserver/gwc/rest/sqlite/replace"};

/// How long a client that is refused may go on sending before the connection is cut: long enough to
/// read the answer.
constexpr std::chrono::seconds linger_time{2};

/// Of silence while a body comes in, in seconds: its sender is known.
constexpr long body_timeout = 30;

/// A replace takes a thread and a staging folder while its upload comes in and while it waits for
/// its turn.
constexpr std::ptrdiff_t max_replaces = 16;

/// Those who are refused must leave threads for others.
constexpr std::ptrdiff_t max_lingering = 16;

/// A bounded number of places for one kind of work.
template <std::ptrdiff_t count>
class Places {
    struct GiveBack {
        void operator()(std::counting_semaphore<count>* free) const noexcept { free->release(); }
    };

public:
    using Place = std::unique_ptr<std::counting_semaphore<count>, GiveBack>;

    /// Null when none is free.
    Place take() { return Place{free_.try_acquire() ? &free_ : nullptr}; }

private:
    std::counting_semaphore<count> free_{count};
};

using ReplacePlaces = Places<max_replaces>;
using LingerPlaces = Places<max_lingering>;

MessageForm form_for(const HTTPServerRequest& request) {
    return request.get("Accept", "").starts_with("text/plain") ? MessageForm::text
                                                               : MessageForm::json;
}

Poco::Net::StreamSocket& socket_of(HTTPServerRequest& request) {
    return dynamic_cast<Poco::Net::HTTPServerRequestImpl&>(request).socket();
}

void send(HTTPServerResponse& response, const Reply& reply) {
    response.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(reply.status));
    response.setContentType(reply.media_type);
    response.set("Cache-Control", "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : reply.headers) {
        response.set(name, value);
    }
    response.setKeepAlive(false);
    response.setContentLength64(static_cast<Poco::Int64>(reply.body.size()));
    response.send()
        .write(reply.body.data(), static_cast<std::streamsize>(reply.body.size()))
        .flush();
}

/// Closing a connection on which something is still unread resets it, and the client may never see
/// the answer. So end our side, and read on for a while until the client ends its own. With too
/// many who are waited for like that, the answer is not worth a thread.
void linger(HTTPServerRequest& request, LingerPlaces& places) {
    using Clock = std::chrono::steady_clock;
    const auto place = places.take();
    if (place == nullptr) {
        return;
    }
    try {
        auto& socket = socket_of(request);
        socket.shutdownSend();
        std::array<char, 65'536> ignored{};
        const auto deadline = Clock::now() + linger_time;
        for (auto now = Clock::now(); now < deadline; now = Clock::now()) {
            const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - now);
            if (!socket.poll(Poco::Timespan{left.count()}, Poco::Net::Socket::SELECT_READ) ||
                socket.receiveBytes(ignored.data(), static_cast<int>(ignored.size())) <= 0) {
                return;
            }
        }
    } catch (const Poco::Exception&) {
        // the client has gone
    }
}

/// Says no without reading the body.
class RefusalHandler final : public Poco::Net::HTTPRequestHandler {
public:
    RefusalHandler(Reply reply, LingerPlaces& lingering, RequestCount& requests)
        : reply_{std::move(reply)}, lingering_{lingering}, running_{requests} {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        send(response, reply_);
        linger(request, lingering_);
    }

private:
    Reply reply_;
    LingerPlaces& lingering_;
    RequestCount::Running running_;
};

/// Receives a replace, carries it out and reports.
class ReplaceHandler final : public Poco::Net::HTTPRequestHandler {
public:
    ReplaceHandler(const AdminContext& context, Identity caller, ReplacePlaces::Place place,
                   LingerPlaces& lingering, RequestCount& requests)
        : context_{context},
          caller_{std::move(caller)},
          place_{std::move(place)},
          lingering_{lingering},
          running_{requests} {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        socket_of(request).setReceiveTimeout(Poco::Timespan{body_timeout, 0});
        bool is_body_read = false;
        const auto reply = answer(request, is_body_read);
        send(response, reply);
        if (!is_body_read) {
            linger(request, lingering_);
        }
    }

private:
    Reply answer(HTTPServerRequest& request, bool& is_body_read) {
        try {
            auto staging = context_.replace.new_staging();
            const auto form = read_replace_form(request.stream(), request.getContentType(),
                                                context_.replace.files(), staging.path() / "upload",
                                                context_.replace.limits());
            is_body_read = true;
            if (!caller_.may_publish(form.request.layer)) {
                throw Error{Errc::denied, fmt::format("'{}' may not publish layer '{}'",
                                                      caller_.name, printable(form.request.layer))};
            }
            const auto report =
                context_.replace.replace(form.request, form.upload, std::move(staging));
            context_.audit.record({.who = caller_,
                                   .from = request.clientAddress().host().toString(),
                                   .action = "replace",
                                   .layer = report.layer,
                                   .generation = report.generation,
                                   .files = report.files});
            context_.log(fmt::format("replaced {} of layer '{}': generation {}, drained in {} ms",
                                     report.files.size(), report.layer, report.generation,
                                     report.drained.count()));
            return report_reply(report);
        } catch (const Error& error) {
            context_.log(
                fmt::format("replace refused ({}): {}", name_of(error.code()), error.what()));
            return error_reply(error, context_.hidden, form_for(request));
        } catch (const std::exception& error) {
            context_.log(fmt::format("replace failed: {}", error.what()));
            return error_reply(Error{Errc::io, error.what()}, context_.hidden, form_for(request));
        }
    }

    const AdminContext& context_;
    Identity caller_;
    ReplacePlaces::Place place_;
    LingerPlaces& lingering_;
    RequestCount::Running running_;
};

class AdminHandlers final : public Poco::Net::HTTPRequestHandlerFactory {
public:
    AdminHandlers(AdminContext context, RequestCount& requests)
        : context_{std::move(context)}, requests_{requests} {}

    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest& request) override {
        Identity caller;
        auto refusal = refusal_of(request, caller);
        auto place = refusal ? nullptr : replaces_.take();
        if (place != nullptr) {
            return new ReplaceHandler{context_, std::move(caller), std::move(place), lingering_,
                                      requests_};  // Poco takes it over
        }
        if (!refusal) {
            refusal = error_reply(503, "too many replaces are running", form_for(request));
        }
        // Keeps Poco from sending "100 Continue", which would invite the body.
        request.response().setStatus(
            static_cast<Poco::Net::HTTPResponse::HTTPStatus>(refusal->status));
        return new RefusalHandler{std::move(*refusal), lingering_, requests_};
    }

private:
    /// Why the request is refused whatever its body says; nothing when it is not.
    std::optional<Reply> refusal_of(const HTTPServerRequest& request, Identity& caller) {
        const auto form = form_for(request);
        try {
            if (auto refusal = refusal_of_caller(request, caller, form)) {
                return refusal;
            }
            const std::string_view uri = request.getURI();
            if (std::ranges::find(replace_paths, uri.substr(0, uri.find('?'))) ==
                replace_paths.end()) {
                return error_reply(404, "there is nothing at this address", form);
            }
            if (request.getMethod() != Poco::Net::HTTPRequest::HTTP_POST) {
                auto reply = error_reply(405, "a replace is a POST", form);
                reply.headers.emplace_back("Allow", "POST");
                return reply;
            }
            if (caller.role == Role::reader) {
                return error_reply(403, fmt::format("'{}' may only read", caller.name), form);
            }
            check_length(request);
            return std::nullopt;
        } catch (const Error& error) {
            context_.log(
                fmt::format("request refused ({}): {}", name_of(error.code()), error.what()));
            return error_reply(error, context_.hidden, form);
        } catch (const std::exception& error) {
            return error_reply(400, "the request is malformed", form);
        }
    }

    std::optional<Reply> refusal_of_caller(const HTTPServerRequest& request, Identity& caller,
                                           MessageForm form) const {
        auto decision =
            context_.access.decide({.is_loopback = request.clientAddress().host().isLoopback(),
                                    .authorization = request.get("Authorization", ""),
                                    .host = request.get("Host", ""),
                                    .origin = request.get("Origin", ""),
                                    .address = request.clientAddress().host().toString()});
        switch (decision.verdict) {
            case Access::Verdict::granted:
                caller = std::move(decision.caller);
                return std::nullopt;
            case Access::Verdict::forbidden:
                return error_reply(403, decision.reason, form);
            case Access::Verdict::slow_down: {
                auto reply = error_reply(429, decision.reason, form);
                reply.headers.emplace_back("Retry-After",
                                           std::to_string(decision.retry_after.count()));
                return reply;
            }
            case Access::Verdict::needs_credentials:
                break;
        }
        auto reply = error_reply(401, decision.reason, form);
        reply.headers.emplace_back("WWW-Authenticate",
                                   R"(Basic realm="offgrid administration", charset="UTF-8")");
        return reply;
    }

    void check_length(const HTTPServerRequest& request) {
        if (!request.hasContentLength()) {
            if (!request.getChunkedTransferEncoding()) {
                throw Error{Errc::invalid_argument, "the request has no body"};
            }
            return;
        }
        const auto length = request.getContentLength64();
        if (length < 0) {
            throw Error{Errc::invalid_argument, "the request has no sane Content-Length"};
        }
        const auto bytes = static_cast<std::uint64_t>(length);
        if (bytes > context_.replace.limits().max_upload_bytes) {
            throw Error{Errc::too_large, fmt::format("the request is larger than {} bytes",
                                                     context_.replace.limits().max_upload_bytes)};
        }
        context_.replace.check_room(bytes);
    }

    AdminContext context_;
    ReplacePlaces replaces_;
    LingerPlaces lingering_;
    RequestCount& requests_;
};

}  // namespace

Poco::Net::HTTPRequestHandlerFactory::Ptr make_admin_handlers(AdminContext context,
                                                              RequestCount& requests) {
    return new AdminHandlers{std::move(context), requests};  // counted by Poco
}

}  // namespace offgrid
