#pragma once

#include "serve/access/hashing_queue.h"
#include "serve/access/identity.h"
#include "serve/access/login_throttle.h"
#include "serve/access/users_file.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace offgrid {

struct PasswordLogin;

/// The clocks that logins go by. A value.
struct AccessClocks {
    std::function<LoginThrottle::Clock::time_point()> now = LoginThrottle::Clock::now;
    std::function<std::chrono::system_clock::time_point()> date = std::chrono::system_clock::now;
};

struct LoginOptions {
    std::chrono::milliseconds users_interval{0};         ///< between two looks at the users file
    std::size_t max_hashing = HashingQueue::max_places;  ///< logins that may wait for their hash
    AccessClocks clocks{};
};

/// Who has a name and password in a users file, or a token. Safe for concurrent use.
///
/// A change of the file counts at once, or after `users_interval`. Who guesses passwords is slowed
/// down (LoginThrottle) and takes no more than one core (HashingQueue). Neither is in the way of a
/// token, nor of a name and password that were right before: those are remembered, by a hash under
/// a key of this process, until the users file changes.
class Logins {
public:
    enum class Verdict { granted, needs_credentials, slow_down };
    struct Decision {
        Verdict verdict = Verdict::needs_credentials;
        std::string reason{};                 ///< for the client, where it is not granted
        Identity caller{};                    ///< who it is, where it is granted
        std::chrono::seconds retry_after{0};  ///< where it is to slow down
    };

    /// Throws what `Users::load` throws, so that a server does not start with a users file that it
    /// cannot read.
    explicit Logins(const std::filesystem::path& users_file, LoginOptions options = {});

    /// `authorization` is the value of that header, `address` where the request comes from. Throws
    /// `io` when the users file cannot be read any more.
    Decision decide(const std::string& authorization, const std::string& address) const;

private:
    using Snapshot = std::shared_ptr<const Users>;

    Decision decide_password(const PasswordLogin& login, const std::string& address) const;
    Decision decide_token(const std::string& token) const;
    Decision grant(const Users& users, const std::string& name) const;
    bool was_verified(const Snapshot& users, const std::string& fingerprint) const;
    void remember(const Snapshot& users, const std::string& fingerprint) const;

    AccessClocks clocks_;
    mutable UsersFile users_file_;
    std::string nobodys_hash_;  // an unknown name costs as much time as a wrong password
    std::string cache_key_;
    mutable HashingQueue hashing_;
    mutable LoginThrottle throttle_;
    mutable std::mutex mutex_;  // guards what follows
    mutable Snapshot verified_for_;
    mutable std::set<std::string> verified_;  // fingerprints of logins that were right
};

}  // namespace offgrid
