#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace offgrid {

/// Lets one password be hashed at a time, so that who tries many takes no more than one core, and a
/// bounded number wait for it. Safe for concurrent use.
class HashingQueue {
public:
    static constexpr std::size_t max_places = 32;             ///< one that hashes, others that wait
    static constexpr std::size_t max_places_of_address = 16;  ///< leaves half of them to others

    explicit HashingQueue(std::size_t places = max_places) : all_places_{places} {}

    /// The right to hash. Given back with the object.
    class Turn {
    public:
        Turn(HashingQueue& queue, std::string address)
            : queue_{&queue}, address_{std::move(address)} {}
        ~Turn();
        Turn(Turn&& other) noexcept;
        Turn& operator=(Turn&&) = delete;
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        HashingQueue* queue_;  // null: moved from
        std::string address_;
    };

    /// Wait for the turn. Nothing, at once, when too many wait already; nothing when it does not
    /// come in a few seconds.
    std::optional<Turn> wait_for_turn(const std::string& address);

private:
    void leave(const std::string& address);

    const std::size_t all_places_;
    std::mutex mutex_;
    std::condition_variable is_free_;
    bool is_hashing_ = false;
    std::size_t places_ = 0;                                // taken
    std::map<std::string, std::size_t> places_of_address_;  // taken; never 0
};

}  // namespace offgrid
