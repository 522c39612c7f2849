#pragma once

namespace offgrid::test {

/// A TCP port of 127.0.0.1 that nobody listens on. It may be taken by the time it is used: a test
/// that starts a server on it tries again with another, as MemcachedServer does.
int free_port();

/// Whether somebody listens on that port of 127.0.0.1.
bool is_listened_on(int port);

}  // namespace offgrid::test
