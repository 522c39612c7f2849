#include "sync/wait_for_servers.h"

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/http/http_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <future>
#include <iterator>
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
std::vector<WantedGeneration> generations_in(std::string_view health) {
    const auto json = nlohmann::json::parse(health, nullptr, /*allow_exceptions=*/false);
    std::vector<WantedGeneration> generations;
    const auto depots = json.find("depots");
    if (depots == json.end() || !depots->is_array()) {
        return generations;
    }
    for (const auto& depot : *depots) {
        const auto number = depot.find("generation");
        const auto sha256 = depot.find("sha256");
        if (number != depot.end() && sha256 != depot.end() && number->is_number_unsigned() &&
            sha256->is_string()) {
            generations.push_back({number->get<std::uint64_t>(), sha256->get<std::string>()});
        }
    }
    return generations;
}

/// Why these are not what is wanted; empty when one is.
std::string lag_behind(const WantedGeneration& wanted,
                       const std::vector<WantedGeneration>& served) {
    if (served.empty()) {
        return "serves no generation of a depot";
    }
    if (std::ranges::find(served, wanted.sha256, &WantedGeneration::sha256) != served.end()) {
        return {};
    }
    if (std::ranges::find(served, wanted.number, &WantedGeneration::number) != served.end()) {
        return fmt::format("serves a generation {} of another depot", wanted.number);
    }
    std::vector<std::uint64_t> numbers;
    std::ranges::transform(served, std::back_inserter(numbers), &WantedGeneration::number);
    return fmt::format("serves generation {}, not {}", fmt::join(numbers, ", "), wanted.number);
}

/// Why the server lags; empty when it does not. Waits for no one longer than `answer_timeout`.
std::string lag_of(const http::Client& client, const std::string& server,
                   const WantedGeneration& wanted) {
    try {
        const auto answer = client.send({.method = "GET", .url = health_url(server)});
        if (answer.status != 200) {
            return fmt::format("answers with status {}", answer.status);
        }
        return lag_behind(wanted, generations_in(as_text(answer.body)));
    } catch (const Error& error) {
        if (error.code() == Errc::invalid_argument) {
            throw;
        }
        return error.what();
    }
}

/// Asks all at once: one that does not answer holds nobody up.
std::vector<LaggingServer> lagging(const http::Client& client,
                                   const std::vector<std::string>& servers,
                                   const WantedGeneration& wanted) {
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

WantedGeneration current_generation_of(const Depot& depot) {
    const auto number = depot.current_number();
    return {number, sha256_hex_of_file(depot.generation_path(number))};
}

std::vector<LaggingServer> wait_for_servers(const std::vector<std::string>& servers,
                                            const std::function<WantedGeneration()>& wanted,
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
