#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <memory>

namespace offgrid::test {

/// A memcached of its own on loopback, ready. Stopped with the object.
class MemcachedServer {
public:
    MemcachedServer();

    int port() const { return port_; }

    /// Stop it and start an empty one on the same port.
    void restart();

    void stop() { process_->stop(SIGKILL); }

private:
    void start();

    TempFolder folder_;
    int port_ = -1;  // memcached: any that is free
    std::unique_ptr<Process> process_;
};

}  // namespace offgrid::test
