#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {

/// A redis-server of its own on loopback, ready, which keeps nothing on disk. Stopped with the
/// object.
class RedisServer {
public:
    /// With further options, for example `--requirepass x`.
    explicit RedisServer(std::vector<std::string> options = {});

    int port() const { return port_; }

    /// Stop it and start an empty one on the same port.
    void restart();

    void stop() { process_->stop(SIGKILL); }

private:
    /// Whether it started: its port may be taken.
    bool start();

    TempFolder folder_;
    std::vector<std::string> options_;
    int port_ = 0;
    std::unique_ptr<Process> process_;
};

}  // namespace offgrid::test
