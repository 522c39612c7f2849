#pragma once

#include "formats/package/depot.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace offgrid {

/// A server that does not serve the wanted generation.
struct LaggingServer {
    std::string url;     ///< as it was named
    std::string reason;  ///< "serves generation 41, not 42", or why it cannot be asked
};

/// What servers are to serve.
struct WantedGeneration {
    std::uint64_t number = 0;
    std::string sha256{};  ///< of its file
};

/// The current generation of the depot. Throws where it cannot be read.
WantedGeneration current_generation_of(const Depot& depot);

/// How `wait_for_servers` waits.
struct WaitOptions {
    std::chrono::milliseconds timeout{30'000};
    std::chrono::milliseconds interval{100};  ///< between two questions to a server that lags
};

/// Wait until every server says at its `/health` that it serves the generation. A server is named
/// by the address that `offgrid serve` or `offgrid daemon` prints, `http://HOST:PORT`. Those that
/// lag when the time is up; none: all have it. With no time at all, each is asked once.
///
/// `wanted` is called before each round: what is current may change while one waits. Throws what it
/// throws, and `invalid_argument` for an address that is none.
std::vector<LaggingServer> wait_for_servers(const std::vector<std::string>& servers,
                                            const std::function<WantedGeneration()>& wanted,
                                            const WaitOptions& options = {});

}  // namespace offgrid
