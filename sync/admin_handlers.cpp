#include "sync/admin_handlers.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "serve/access/credentials.h"
#include "sync/admin_connection.h"
#include "sync/bounded_input.h"
#include "sync/patient_socket.h"
#include "sync/refusal_line.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/String.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <variant>

namespace offgrid {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

/// Of a body that is read before its handler runs.
constexpr std::uint64_t max_small_bytes = 1 << 20;

/// Of silence while a body comes in: its sender is known.
constexpr std::chrono::seconds silence_of_sender{30};

/// Of a body: what the slowest satellite telephone has.
constexpr std::uint64_t least_bytes_per_second = 1024;

/// A body that is streamed takes a thread and a staging folder while it comes in and while it waits
/// for its turn.
using StreamPlaces = Places<16>;

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

/// A request that may be handled once its body comes in.
struct Admitted {
    const AdminRoute* route = nullptr;
    std::string target{};                       ///< as it was sent
    AdminRequest request{};                     ///< all but its body
    std::optional<std::uint64_t> body_bytes{};  ///< as announced
    bool is_streamed = false;                   ///< to the handler; else it is read before
    StreamPlaces::Place place{};
};

/// Of all bodies only this form shows its own end (RFC 2046, section 5.1.1): cut off, any other
/// looks like a shorter one.
bool shows_its_end(const HTTPServerRequest& request) {
    return lower_case(request.getContentType()).starts_with("multipart/form-data");
}

std::string read_all(std::istream& stream) {
    return {std::istreambuf_iterator<char>{stream}, {}};
}

/// The lines of a header are one list (RFC 9110, section 5.3).
std::string all_of(const HTTPServerRequest& request, const std::string& name) {
    std::string values;
    for (auto line = request.find(name);
         line != request.end() && Poco::icompare(line->first, name) == 0; ++line) {
        values += (values.empty() ? "" : ", ") + line->second;
    }
    return values;
}

int status_of(Access::Verdict verdict) {
    switch (verdict) {
        case Access::Verdict::granted:
            return 200;
        case Access::Verdict::needs_credentials:
            return 401;
        case Access::Verdict::forbidden:
            return 403;
        case Access::Verdict::slow_down:
            return 429;
    }
    return 403;
}

/// What tells the client how to come in after all.
void add_header(Reply& reply, const Access::Decision& decision) {
    if (decision.verdict == Access::Verdict::needs_credentials) {
        reply.headers.emplace_back("WWW-Authenticate",
                                   R"(Basic realm="offgrid administration", charset="UTF-8")");
    } else if (decision.verdict == Access::Verdict::slow_down) {
        reply.headers.emplace_back("Retry-After", std::to_string(decision.retry_after.count()));
    }
}

bool has_body(const HTTPServerRequest& request) {
    return request.hasContentLength() || request.getChunkedTransferEncoding();
}

/// Hands a request to the handler of its route.
class RouteHandler final : public Poco::Net::HTTPRequestHandler {
public:
    RouteHandler(const AdminContext& context, Admitted admitted, LingerPlaces& lingering,
                 RequestCount& requests)
        : context_{context},
          admitted_{std::move(admitted)},
          lingering_{lingering},
          running_{requests} {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
        set_patience(socket_of(request), Patience{silence_of_sender, least_bytes_per_second});
        admitted_.request.header = [&request](const std::string& name) {
            return all_of(request, name);
        };
        std::istringstream nothing;
        BoundedInput body{has_body(request) ? request.stream() : nothing, max_bytes()};
        send(response, answer(body));
        if (has_body(request) && !body.has_ended()) {
            linger(request, lingering_);
        }
    }

private:
    std::uint64_t max_bytes() const {
        return admitted_.is_streamed ? admitted_.route->streamed->max_bytes : max_small_bytes;
    }

    Reply answer(BoundedInput& body) {
        auto& request = admitted_.request;
        try {
            return handle(body);
        } catch (const Error& error) {
            // What is cut off looks wrong to its handler, too.
            const auto told = body.is_exceeded() ? too_large() : error;
            auto reply = error_reply(told, context_.hidden, request.form);
            context_.log(refusal_line({.method = request.method,
                                       .target = admitted_.target,
                                       .user = request.caller.name,
                                       .address = request.remote_address},
                                      reply.status, told.what()));
            return reply;
        } catch (const std::exception& error) {
            context_.log(
                fmt::format("{} {} failed: {}", request.method, request.path, error.what()));
            return error_reply(Error{Errc::io, error.what()}, context_.hidden, request.form);
        }
    }

    Reply handle(BoundedInput& body) {
        auto& request = admitted_.request;
        if (admitted_.is_streamed) {
            request.body = &body;
            return admitted_.route->handler(request);
        }
        std::istringstream content{read_all(body)};
        if (body.is_exceeded()) {
            throw too_large();
        }
        if (admitted_.body_bytes && *admitted_.body_bytes != body.taken()) {
            throw Error{Errc::invalid_argument, "the request ends early"};
        }
        request.body = &content;
        return admitted_.route->handler(request);
    }

    Error too_large() const {
        return {Errc::too_large, fmt::format("the request is larger than {} bytes", max_bytes())};
    }

    const AdminContext& context_;
    Admitted admitted_;
    LingerPlaces& lingering_;
    RequestCount::Running running_;
};

/// Decides from the head of each request what becomes of it.
class AdminHandlers final : public Poco::Net::HTTPRequestHandlerFactory {
public:
    AdminHandlers(AdminContext context, RequestCount& requests)
        : context_{std::move(context)}, requests_{requests} {}

    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest& request) override {
        auto decision = decide(request);
        if (auto* const admitted = std::get_if<Admitted>(&decision)) {
            return new RouteHandler{context_, std::move(*admitted), lingering_,
                                    requests_};  // Poco takes it over
        }
        auto& refusal = std::get<Reply>(decision);
        // Keeps Poco from sending "100 Continue", which would invite the body.
        request.response().setStatus(
            static_cast<Poco::Net::HTTPResponse::HTTPStatus>(refusal.status));
        return new RefusalHandler{std::move(refusal), lingering_, requests_};
    }

private:
    using Decision = std::variant<Admitted, Reply>;

    Decision decide(const HTTPServerRequest& request) {
        const auto form = form_for(request);
        auto user = name_tried(request.get("Authorization", ""));
        try {
            auto decision = decide_caller(request);
            if (decision.verdict != Access::Verdict::granted) {
                auto reply = refuse(request, user, status_of(decision.verdict), decision.reason);
                add_header(reply, decision);
                return reply;
            }
            user = decision.caller.name;
            return admit(request, form, std::move(decision.caller));
        } catch (const Error& error) {
            log_refusal(request, user, status_of(error.code()), error.what());
            return error_reply(error, context_.hidden, form);
        } catch (const std::exception& error) {
            return error_reply(400, "the request is malformed", form);
        }
    }

    Access::Decision decide_caller(const HTTPServerRequest& request) const {
        return context_.access.decide({.is_loopback = request.clientAddress().host().isLoopback(),
                                       .authorization = request.get("Authorization", ""),
                                       .host = request.get("Host", ""),
                                       .origin = request.get("Origin", ""),
                                       .address = request.clientAddress().host().toString(),
                                       .is_forwarded = is_forwarded(request)});
    }

    /// Who is not let in leaves a line in the log.
    Reply refuse(const HTTPServerRequest& request, std::string_view user, int status,
                 std::string_view reason) const {
        log_refusal(request, user, status, reason);
        return error_reply(status, reason, form_for(request));
    }

    void log_refusal(const HTTPServerRequest& request, std::string_view user, int status,
                     std::string_view reason) const {
        context_.log(refusal_line({.method = request.getMethod(),
                                   .target = request.getURI(),
                                   .user = user,
                                   .address = request.clientAddress().host().toString()},
                                  status, reason));
    }

    Decision admit(const HTTPServerRequest& request, MessageForm form, Identity caller) {
        const std::string_view target = request.getURI();
        auto match = context_.router.find(request.getMethod(), target.substr(0, target.find('?')));
        if (match.route == nullptr) {
            return refusal_of_address(match.allowed, form);
        }
        if (caller.role < match.route->least) {
            return refuse(request, caller.name, 403,
                          fmt::format("'{}' may not do this", caller.name));
        }
        Admitted admitted;
        admitted.route = match.route;
        admitted.target = target;
        admitted.is_streamed = match.route->streamed && shows_its_end(request);
        admitted.body_bytes = check_body(request, *match.route, admitted.is_streamed);
        if (match.route->streamed) {
            admitted.place = streams_.take();
            if (admitted.place == nullptr) {
                return error_reply(503, "too many uploads are coming in", form);
            }
        }
        auto& admitted_request = admitted.request;
        admitted_request.method = request.getMethod();
        admitted_request.path = std::move(match.path);
        admitted_request.query = parse_query(target);
        admitted_request.content_type = request.getContentType();
        admitted_request.remote_address = request.clientAddress().host().toString();
        admitted_request.is_secure = request.secure();
        admitted_request.caller = std::move(caller);
        admitted_request.form = form;
        admitted_request.parameters = std::move(match.parameters);
        return admitted;
    }

    static Reply refusal_of_address(const std::vector<std::string>& allowed, MessageForm form) {
        if (allowed.empty()) {
            return error_reply(404, "there is nothing at this address", form);
        }
        const auto methods = fmt::format("{}", fmt::join(allowed, ", "));
        auto reply = error_reply(405, fmt::format("this address takes {}", methods), form);
        reply.headers.emplace_back("Allow", methods);
        return reply;
    }

    /// The announced length of the body. Throws for one that should not be sent.
    static std::optional<std::uint64_t> check_body(const HTTPServerRequest& request,
                                                   const AdminRoute& route, bool is_streamed) {
        const auto& streamed = route.streamed;
        if (!request.hasContentLength()) {
            if (streamed && !request.getChunkedTransferEncoding()) {
                throw Error{Errc::invalid_argument, "the request has no body"};
            }
            // Poco takes chunks that break off for all that there are.
            if (!is_streamed && request.getChunkedTransferEncoding()) {
                throw Error{Errc::invalid_argument, "the request needs a Content-Length"};
            }
            return std::nullopt;
        }
        const auto length = request.getContentLength64();
        if (length < 0) {
            throw Error{Errc::invalid_argument, "the request has no sane Content-Length"};
        }
        const auto bytes = static_cast<std::uint64_t>(length);
        const auto max_bytes = is_streamed ? streamed->max_bytes : max_small_bytes;
        if (bytes > max_bytes) {
            throw Error{Errc::too_large,
                        fmt::format("the request is larger than {} bytes", max_bytes)};
        }
        if (streamed) {
            streamed->admit(bytes);
        }
        return bytes;
    }

    AdminContext context_;
    StreamPlaces streams_;
    LingerPlaces lingering_;
    RequestCount& requests_;
};

}  // namespace

Poco::Net::HTTPRequestHandlerFactory::Ptr make_admin_handlers(AdminContext context,
                                                              RequestCount& requests) {
    return new AdminHandlers{std::move(context), requests};  // counted by Poco
}

}  // namespace offgrid
