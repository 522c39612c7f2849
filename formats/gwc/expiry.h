#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace offgrid::gwc {

/// From which zoom on tiles expire after how many seconds (`expireCache`, `expireCacheList`).
struct ExpiryRule {
    int min_zoom = 0;
    std::int64_t seconds = 0;
};

/// How long the tiles of a layer are good. Without rules, for ever. A value.
class Expiry {
public:
    Expiry() = default;
    /// The rules in the order of their zooms, as GeoWebCache wants them.
    explicit Expiry(std::vector<ExpiryRule> rules) : rules_{std::move(rules)} {}

    /// How long tiles of the zoom are good; nothing: for ever. GeoWebCache's 0 (unset) and -2
    /// (never) are for ever, -4 (as the backend says) is two hours.
    std::optional<std::chrono::seconds> of(int z) const;

    /// Whether tiles of the zoom are kept at all: not with -1.
    bool keeps(int z) const { return seconds_at(z) != do_not_cache; }

private:
    static constexpr std::int64_t do_not_cache = -1;
    std::int64_t seconds_at(int z) const;

    std::vector<ExpiryRule> rules_;
};

}  // namespace offgrid::gwc
