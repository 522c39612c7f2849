#pragma once

#include "sync/patience.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

namespace offgrid {

/// A socket that listens, with TLS where it has a context, and whose connections wait for their
/// client no longer than a Patience allows: for seconds until the handshake and the head of a
/// request are in, however slowly they drip, and for an answer to be taken at a least rate.
///
/// The thread that first reads from a connection makes its handshake. Another thread may break a
/// connection off by its `shutdown`. Throws Poco's exceptions when the address cannot be listened
/// on.
Poco::Net::ServerSocket listen_patiently(const Poco::Net::SocketAddress& address,
                                         Poco::Net::Context::Ptr context);

/// Wait like that for what the client of such a connection sends from now on.
void set_patience(Poco::Net::StreamSocket& connection, const Patience& patience);

}  // namespace offgrid
