#pragma once

#include "formats/base/unique_fd.h"
#include "serve/log.h"

#include <optional>
#include <string_view>

namespace offgrid {

/// The listening socket that a service manager such as systemd has passed to this process
/// (sd_listen_fds(3): `LISTEN_PID`, `LISTEN_FDS`); nothing when it has passed none. Children do not
/// inherit it. Call it once, before there are threads. Throws `invalid_argument` for several, and
/// for what is no listening TCP socket.
std::optional<UniqueFd> take_passed_socket();

/// Tell the service manager of a state, such as `READY=1` (sd_notify(3): `NOTIFY_SOCKET`). Does
/// nothing without one. When it cannot be told the log says so: the server serves all the same.
void notify_service_manager(std::string_view state, const Log& log);

}  // namespace offgrid
