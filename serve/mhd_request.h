#pragma once

#include "serve/request.h"

#include <microhttpd.h>

namespace offgrid {

/// Read the headers and the query of a request in one pass, into a request that borrows them from
/// the connection. False when there is no memory for them.
bool read_fields(MHD_Connection* connection, Request& request) noexcept;

}  // namespace offgrid
