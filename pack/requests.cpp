#include "pack/requests.h"

#include "formats/base/error.h"

#include <algorithm>
#include <thread>

namespace offgrid {
namespace {

/// Before a request is made again for the first time.
constexpr std::chrono::milliseconds first_delay{500};

/// How soon a stop is noticed.
constexpr std::chrono::milliseconds nap{50};

[[noreturn]] void fail_interrupted() {
    throw Error{Errc::interrupted, "interrupted"};
}

}  // namespace

Requests::Requests(const OnlineOptions& options, const std::atomic<bool>& is_stopped)
    : is_stopped_{is_stopped},
      retries_{.retries = options.retries,
               .delay = first_delay,
               .sleep = [this](std::chrono::milliseconds delay) { sleep(delay); }},
      rate_{options.rate_limit},
      free_{options.connections} {}

void Requests::begin() {
    {
        std::unique_lock lock{mutex_};
        while (free_ == 0 && !is_stopped_) {
            ended_.wait_for(lock, nap);
        }
        if (is_stopped_) {
            fail_interrupted();
        }
        --free_;
    }
    if (!rate_.wait(is_stopped_)) {
        end();
        fail_interrupted();
    }
}

void Requests::end() {
    {
        const std::lock_guard lock{mutex_};
        ++free_;
    }
    ended_.notify_one();
}

void Requests::sleep(std::chrono::milliseconds delay) const {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + delay;
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
        if (is_stopped_) {
            fail_interrupted();
        }
        std::this_thread::sleep_for(std::min<Clock::duration>(end - now, nap));
    }
}

}  // namespace offgrid
