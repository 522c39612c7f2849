#pragma once

#include "formats/base/unique_fd.h"

#include <string>
#include <thread>

namespace offgrid::test {

/// A TCP server on loopback that is not what it should be: to whatever a client sends it says one
/// text, or nothing.
class StubServer {
public:
    explicit StubServer(std::string says);
    ~StubServer();
    StubServer(const StubServer&) = delete;
    StubServer& operator=(const StubServer&) = delete;

    int port() const { return port_; }

private:
    void serve();

    std::string says_;
    UniqueFd listener_;
    UniqueFd stop_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace offgrid::test
