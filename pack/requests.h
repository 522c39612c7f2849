#pragma once

#include "formats/combine/retry.h"
#include "pack/options.h"
#include "pack/transfer/rate_limit.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace offgrid {

/// Asks the servers of all online sources of a pack, politely: a few requests at a time, at the
/// rate that the user allows, and after a failure that may pass again, later and later. Safe for
/// concurrent use.
class Requests {
public:
    /// `is_stopped` is not owned and outlives the object.
    Requests(const OnlineOptions& options, const std::atomic<bool>& is_stopped);

    /// What the call returns once a turn has come. Each attempt is a request: it waits for its turn
    /// and for the rate. Throws the last failure; `interrupted` when stopped while waiting.
    template <typename Call>
    auto make(const Call& call) {
        return retry(retries_, [&] {
            const Turn turn{*this};
            return call();
        });
    }

private:
    /// One of the requests that may be under way.
    class Turn {
    public:
        explicit Turn(Requests& requests) : requests_{requests} { requests_.begin(); }
        ~Turn() { requests_.end(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Requests& requests_;
    };

    void begin();
    void end();
    void sleep(std::chrono::milliseconds delay) const;

    const std::atomic<bool>& is_stopped_;
    const RetryOptions retries_;
    RateLimit rate_;

    std::mutex mutex_;  // guards what follows
    std::condition_variable ended_;
    int free_;  // requests that may begin now
};

}  // namespace offgrid
