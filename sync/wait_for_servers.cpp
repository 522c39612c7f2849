#include "sync/wait_for_servers.h"

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/http/http_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <future>
#include <string_view>
#include <thread>
#include <utility>

namespace offgrid {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// For one answer.
constexpr milliseconds answer_timeout{2'000};

/// Of `/health`, with a list of generations that drain.
constexpr std::size_t max_health_bytes = 1 << 20;

std::string health_url(const std::string& server) {
    if (!server.starts_with("http://") && !server.starts_with("https://")) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' is no address of a server: http://HOST:PORT", server)};
    }
    const bool ends_in_slash = server.ends_with('/');
    return server + (ends_in_slash ? "health" : "/health");
}

/// The generations of depots in what `/health` answers: a server may serve several.
std::vector<std::uint64_t> generations_in(std::string_view health) {
    const auto json = nlohmann::json::parse(health, nullptr, /*allow_exceptions=*/false);
    std::vector<std::uint64_t> generations;
    if (const auto found = json.find("generations"); found != json.end() && found->is_array()) {
        for (const auto& number : *found) {
            if (number.is_number_unsigned()) {
                generations.push_back(number.get<std::uint64_t>());
            }
        }
    }
    return generations;
}

/// Why the server lags; empty when it does not. Waits for no one longer than `answer_timeout`.
std::string lag_of(const http::Client& client, const std::string& server, std::uint64_t wanted) {
    try {
        const auto answer = client.send({.method = "GET", .url = health_url(server)});
        if (answer.status != 200) {
            return fmt::format("answers with status {}", answer.status);
        }
        const auto served = generations_in(as_text(answer.body));
        if (served.empty()) {
            return "serves no generation of a depot";
        }
        return std::ranges::find(served, wanted) != served.end()
                   ? std::string{}
                   : fmt::format("serves generation {}, not {}", fmt::join(served, ", "), wanted);
    } catch (const Error& error) {
        if (error.code() == Errc::invalid_argument) {
            throw;
        }
        return error.what();
    }
}

/// Asks all at once: one that does not answer holds nobody up.
std::vector<LaggingServer> lagging(const http::Client& client,
                                   const std::vector<std::string>& servers, std::uint64_t wanted) {
    std::vector<std::future<std::string>> lags;
    for (const auto& server : servers) {
        lags.push_back(
            std::async(std::launch::async, [&] { return lag_of(client, server, wanted); }));
    }
    std::vector<LaggingServer> found;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (auto lag = lags[i].get(); !lag.empty()) {
            found.push_back({.url = servers[i], .reason = std::move(lag)});
        }
    }
    return found;
}

}  // namespace

std::vector<LaggingServer> wait_for_servers(const std::vector<std::string>& servers,
                                            const std::function<std::uint64_t()>& wanted,
                                            const WaitOptions& options) {
    const auto deadline = Clock::now() + options.timeout;
    const http::Client client{{.timeout = answer_timeout,
                               .connection_timeout = answer_timeout,
                               .max_body_bytes = max_health_bytes}};
    for (;;) {
        // All are asked each time: one that was right is not when another generation came.
        auto behind = lagging(client, servers, wanted());
        if (behind.empty() || Clock::now() >= deadline) {
            return behind;
        }
        std::this_thread::sleep_until(std::min(deadline, Clock::now() + options.interval));
    }
}

}  // namespace offgrid
