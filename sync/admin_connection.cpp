#include "sync/admin_connection.h"

#include "sync/patient_socket.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPServerRequestImpl.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace offgrid {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

/// How long a client that is refused may go on sending before the connection is cut: long enough to
/// read the answer.
constexpr std::chrono::seconds linger_time{2};

}  // namespace

bool is_forwarded(const HTTPServerRequest& request) {
    // RFC 7239; RFC 9110, section 7.6.3; and what proxies add that know neither
    constexpr std::array headers{"Forwarded",         "Via",       "X-Forwarded-For",
                                 "X-Forwarded-Host",  "X-Real-IP", "X-Forwarded-Proto",
                                 "X-Forwarded-Server"};
    return std::ranges::any_of(headers, [&](const char* header) { return request.has(header); });
}

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

void linger(HTTPServerRequest& request, LingerPlaces& places) {
    using Clock = std::chrono::steady_clock;
    const auto place = places.take();
    if (place == nullptr) {
        return;
    }
    try {
        auto& socket = socket_of(request);
        socket.shutdownSend();
        set_patience(socket, Patience{linger_time});
        std::array<char, 65'536> ignored{};
        const auto deadline = Clock::now() + linger_time;
        while (Clock::now() < deadline &&
               socket.receiveBytes(ignored.data(), static_cast<int>(ignored.size())) > 0) {
        }
    } catch (const Poco::Exception&) {
        // the client has gone, or sends nothing
    }
}

}  // namespace offgrid
