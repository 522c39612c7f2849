#pragma once

#include "sync/admin_server.h"

#include <Poco/Net/HTTPRequestHandlerFactory.h>

namespace offgrid {

/// What answers the requests of the administration port. The count is not owned and outlives the
/// server.
Poco::Net::HTTPRequestHandlerFactory::Ptr make_admin_handlers(AdminContext context,
                                                              RequestCount& requests);

}  // namespace offgrid
