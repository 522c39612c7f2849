#include "serve/drain_log.h"

#include "tests/serve/layers_of.h"

#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A log that one thread writes and another waits for.
class LogBook {
public:
    Log log() {
        return [this](std::string_view line) {
            const std::lock_guard lock{mutex_};
            lines_.emplace_back(line);
            changed_.notify_all();
        };
    }

    /// The lines, once there are so many or the time is up.
    std::vector<std::string> lines(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, 20s, [&] { return lines_.size() >= count; });
        return lines_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
};

std::unique_ptr<const LayerSet> generation(std::uint64_t number) {
    return std::make_unique<const LayerSet>(std::vector<Layer>{}, number);
}

TEST(DrainLog, says_once_which_generation_is_still_used_and_when_it_has_drained) {
    LogBook book;
    Live<LayerSet> layers{generation(41)};
    const DrainLog drains{layers, 5ms, book.log(), 1ms};
    auto request = layers.acquire();
    const auto drained = layers.swap(generation(42));

    EXPECT_THAT(book.lines(1),
                ElementsAre(testing::AllOf(HasSubstr("generation 41 is still used, draining for"),
                                           HasSubstr("leases: 1;"))));
    request.reset();
    drained.wait();
    EXPECT_THAT(book.lines(2), ElementsAre(HasSubstr("generation 41 is still used"),
                                           HasSubstr("generation 41 has drained after")));
}

TEST(DrainLog, says_nothing_of_what_drains_in_time) {
    LogBook book;
    {
        Live<LayerSet> layers{generation(1)};
        const DrainLog drains{layers, 1h, book.log(), 1ms};
        const auto request = layers.acquire();
        for (std::uint64_t number = 2; number < 50; ++number) {
            layers.swap(generation(number));
        }
    }
    EXPECT_THAT(book.lines(0), IsEmpty());
}

}  // namespace
}  // namespace offgrid::test
