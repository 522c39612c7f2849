#pragma once

#include "sync/reply.h"

#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/StreamSocket.h>

#include <cstddef>
#include <memory>
#include <semaphore>

namespace offgrid {

/// A bounded number of places for one kind of work. Safe for concurrent use; outlives its places.
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

/// For those who are refused: they must leave threads for others.
using LingerPlaces = Places<16>;

/// Whether a proxy has sent it on for somebody else, as it says.
bool is_forwarded(const Poco::Net::HTTPServerRequest& request);

/// How the client wants messages.
MessageForm form_for(const Poco::Net::HTTPServerRequest& request);

Poco::Net::StreamSocket& socket_of(Poco::Net::HTTPServerRequest& request);

/// Send the whole answer, the last on its connection.
void send(Poco::Net::HTTPServerResponse& response, const Reply& reply);

/// Give a client whose body was not read time to read the answer.
///
/// Closing a connection on which something is still unread resets it, and the client may never see
/// the answer. So end our side, and read on for a while until the client ends its own. With too
/// many who are waited for like that, the answer is not worth a thread.
void linger(Poco::Net::HTTPServerRequest& request, LingerPlaces& places);

}  // namespace offgrid
