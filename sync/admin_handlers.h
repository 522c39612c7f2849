#pragma once

#include "sync/admin_server.h"

#include <Poco/Net/HTTPRequestHandlerFactory.h>

namespace offgrid {

/// What answers the requests of the administration port: who may not ask, or asks for what is not
/// there, is refused by the head alone; the rest goes to the route's handler. The count is not
/// owned and outlives the server.
Poco::Net::HTTPRequestHandlerFactory::Ptr make_admin_handlers(AdminContext context,
                                                              RequestCount& requests);

}  // namespace offgrid
