#include "formats/base/ticker.h"

#include <utility>

namespace offgrid {

Ticker::Ticker(std::chrono::milliseconds interval, std::function<void()> tick)
    : interval_{interval}, tick_{std::move(tick)}, thread_{[this](const std::stop_token& stop) {
          run(stop);
      }} {}

void Ticker::run(const std::stop_token& stop) {
    for (;;) {
        std::unique_lock lock{mutex_};
        wake_.wait_for(lock, stop, interval_, [] { return false; });
        lock.unlock();
        if (stop.stop_requested()) {
            return;
        }
        tick_();
    }
}

}  // namespace offgrid
