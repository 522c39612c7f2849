#include "formats/gwc/expiry.h"

namespace offgrid::gwc {
namespace {

constexpr std::int64_t as_backend_says = -4;
constexpr std::chrono::seconds backend_expiry{7200};

}  // namespace

/// The last rule that has begun; below the first, the first.
std::int64_t Expiry::seconds_at(int z) const {
    if (rules_.empty()) {
        return 0;
    }
    auto seconds = rules_.front().seconds;
    for (const auto& rule : rules_) {
        if (rule.min_zoom > z) {
            break;
        }
        seconds = rule.seconds;
    }
    return seconds;
}

std::optional<std::chrono::seconds> Expiry::of(int z) const {
    const auto seconds = seconds_at(z);
    if (seconds == as_backend_says) {
        return backend_expiry;
    }
    return seconds > 0 ? std::optional{std::chrono::seconds{seconds}} : std::nullopt;
}

}  // namespace offgrid::gwc
