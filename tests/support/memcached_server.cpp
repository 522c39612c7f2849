#include "tests/support/memcached_server.h"

#include "formats/base/parse_number.h"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace offgrid::test {
namespace {

using Clock = std::chrono::steady_clock;

/// The port in the file that memcached writes once it listens: `TCP INET: 12345`.
int port_in(const std::filesystem::path& file) {
    const auto text = read_text(file);
    const std::string_view label = "TCP INET: ";
    const auto begin = text.find(label);
    const auto number = std::string_view{text}.substr(begin + label.size());
    const auto port = parse_number<int>(number.substr(0, number.find('\n')));
    if (begin == std::string::npos || !port) {
        throw std::runtime_error{"no port in what memcached wrote: " + text};
    }
    return *port;
}

}  // namespace

MemcachedServer::MemcachedServer() {
    start();
}

void MemcachedServer::restart() {
    stop();
    start();
}

void MemcachedServer::start() {
    const auto file = folder_ / "port";
    std::filesystem::remove(file);
    process_ = std::make_unique<Process>(
        std::vector<std::string>{"memcached", "-u", "root", "-l", "127.0.0.1", "-p",
                                 std::to_string(port_), "-U", "0", "-t", "2"},
        RunOptions{
            .input = {}, .cwd = {}, .environment = {{"MEMCACHED_PORT_FILENAME", file.string()}}});
    const auto deadline = Clock::now() + std::chrono::seconds{20};
    while (!std::filesystem::exists(file)) {
        if (!process_->is_running() || Clock::now() > deadline) {
            throw std::runtime_error{"memcached does not start: " + process_->output()};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    port_ = port_in(file);
}

}  // namespace offgrid::test
