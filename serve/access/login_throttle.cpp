#include "serve/access/login_throttle.h"

#include <algorithm>

namespace offgrid {
namespace {

using std::chrono::seconds;

/// A person who has forgotten which password it was.
constexpr unsigned free_failures_of_address = 3;

/// More than people who mistype: someone is guessing.
constexpr unsigned free_failures_of_name = 10;

constexpr std::chrono::minutes forgiven_after{15};

/// Nobody's name is longer; a longer one is a stranger's, who need not be told from others.
constexpr std::size_t max_key_bytes = 128;

/// 1, 2, 4, … seconds for each failure beyond those that are free.
seconds wait_after(unsigned failures, unsigned free) {
    if (failures <= free) {
        return seconds{0};
    }
    const auto doublings = std::min(failures - free - 1, 6U);
    return std::min(seconds{1U << doublings}, LoginThrottle::longest_wait);
}

}  // namespace

seconds LoginThrottle::wait_of(const std::string& address, const std::string& name,
                               Clock::time_point now) const {
    const std::lock_guard lock{mutex_};
    const auto of_address = addresses_.find(address, now);
    if (of_address.count == 0) {
        return seconds{0};
    }
    const auto wait = std::max(wait_after(of_address.count, free_failures_of_address),
                               wait_after(names_.find(name, now).count, free_failures_of_name));
    return std::max(seconds{0}, std::chrono::ceil<seconds>(of_address.last + wait - now));
}

void LoginThrottle::note_failure(const std::string& address, const std::string& name,
                                 Clock::time_point now) {
    const std::lock_guard lock{mutex_};
    addresses_.add(address, now);
    names_.add(name, now);
}

std::size_t LoginThrottle::size() const {
    const std::lock_guard lock{mutex_};
    return addresses_.size() + names_.size();
}

LoginThrottle::Failures LoginThrottle::Table::find(const std::string& key,
                                                   Clock::time_point now) const {
    const auto found = by_key_.find(key.substr(0, max_key_bytes));
    const bool counts = found != by_key_.end() && now - found->second->second.last < forgiven_after;
    return counts ? found->second->second : Failures{};
}

void LoginThrottle::Table::add(const std::string& key, Clock::time_point now) {
    const auto failures = find(key, now);
    const auto short_key = key.substr(0, max_key_bytes);
    if (const auto found = by_key_.find(short_key); found != by_key_.end()) {
        entries_.erase(found->second);
        by_key_.erase(found);
    }
    entries_.emplace_front(short_key, Failures{failures.count + 1, now});
    by_key_.emplace(short_key, entries_.begin());
    if (entries_.size() > max_entries) {
        by_key_.erase(entries_.back().first);
        entries_.pop_back();
    }
}

}  // namespace offgrid
