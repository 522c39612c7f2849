#include "tests/support/redis_server.h"

#include "tests/support/free_port.h"

#include <stdexcept>
#include <utility>

namespace offgrid::test {

RedisServer::RedisServer(std::vector<std::string> options) : options_{std::move(options)} {
    for (int attempts = 0; attempts < 10; ++attempts) {
        port_ = free_port();
        if (start()) {
            return;
        }
    }
    throw std::runtime_error{"redis-server does not start: " + process_->output()};
}

void RedisServer::restart() {
    stop();
    if (!start()) {
        throw std::runtime_error{"redis-server does not start again: " + process_->output()};
    }
}

bool RedisServer::start() {
    std::vector<std::string> command{"redis-server",
                                     "--port",
                                     std::to_string(port_),
                                     "--bind",
                                     "127.0.0.1",
                                     "--save",
                                     "",
                                     "--dir",
                                     folder_.path().string(),
                                     "--appendonly",
                                     "no"};
    command.insert(command.end(), options_.begin(), options_.end());
    process_ = std::make_unique<Process>(command);
    try {
        process_->wait_for_line("eady to accept connections");
        return true;
    } catch (const std::runtime_error&) {
        if (process_->is_running()) {
            throw;
        }
        return false;
    }
}

}  // namespace offgrid::test
