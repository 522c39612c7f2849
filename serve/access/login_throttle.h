#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace offgrid {

/// Slows down who guesses passwords. Safe for concurrent use.
///
/// An address may fail a few times; then it waits after each failure, twice as long as before, up
/// to a minute. Once a name has been guessed at often, from wherever, each address waits after its
/// first failure with it. An address that has not failed never waits, so nobody can lock a user out
/// who comes from another address and knows the password. A quarter of an hour without a failure
/// is forgiven.
///
/// Memory is bounded: beyond `max_entries` addresses or names the one whose last failure is oldest
/// is forgotten.
class LoginThrottle {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::size_t max_entries = 4096;
    static constexpr std::chrono::seconds longest_wait{60};

    /// How long the address must wait before it may try the name. Zero: it may now.
    std::chrono::seconds wait_of(const std::string& address, const std::string& name,
                                 Clock::time_point now) const;

    void note_failure(const std::string& address, const std::string& name, Clock::time_point now);

    /// How many addresses and names are remembered.
    std::size_t size() const;

private:
    struct Failures {
        unsigned count = 0;
        Clock::time_point last{};
    };

    /// The failures of addresses or of names; forgets the oldest.
    class Table {
    public:
        Failures find(const std::string& key, Clock::time_point now) const;
        void add(const std::string& key, Clock::time_point now);
        std::size_t size() const { return entries_.size(); }

    private:
        using Entry = std::pair<std::string, Failures>;

        std::list<Entry> entries_;  // the latest failure first
        std::map<std::string, std::list<Entry>::iterator> by_key_;
    };

    mutable std::mutex mutex_;
    Table addresses_;
    Table names_;
};

}  // namespace offgrid
