#pragma once

#include "sync/hashing_queue.h"
#include "sync/identity.h"
#include "sync/login_throttle.h"
#include "sync/users_file.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace offgrid {

struct PasswordLogin;

/// What a request says about who sent it. Empty where a header is missing.
struct Caller {
    bool is_loopback = false;     ///< the connection comes from this machine
    std::string authorization{};  ///< header `Authorization`
    std::string host{};           ///< header `Host`
    std::string origin{};         ///< header `Origin`, which browsers add to what a page sends
    std::string address{};        ///< that the connection comes from, without the port
    bool is_forwarded = false;    ///< by a proxy, as a header says that only proxies add
};

/// The clocks that Access goes by. A value.
struct AccessClocks {
    std::function<LoginThrottle::Clock::time_point()> now = LoginThrottle::Clock::now;
    std::function<std::chrono::system_clock::time_point()> date = std::chrono::system_clock::now;
};

/// Who may administer. Safe for concurrent use.
///
/// With a users file: who has a name and password in it, or a token; a change of the file counts at
/// once. Without: whoever is on this machine and is neither a browser that a foreign page has sent
/// nor a proxy, behind which anybody may be.
///
/// Who guesses passwords is slowed down (LoginThrottle) and takes no more than one core
/// (HashingQueue). Neither is in the way of a token, nor of a name and password that were right
/// before: those are remembered, by a keyed hash, until the users file changes.
class Access {
public:
    enum class Verdict { granted, needs_credentials, forbidden, slow_down };
    struct Decision {
        Verdict verdict = Verdict::forbidden;
        std::string reason{};                 ///< for the client, where it is not granted
        Identity caller{};                    ///< who it is, where it is granted
        std::chrono::seconds retry_after{0};  ///< where it is to slow down
    };

    /// Throws what `Users::load` throws, so that a daemon does not start with a users file that it
    /// cannot read.
    explicit Access(const std::optional<std::filesystem::path>& users_file,
                    AccessClocks clocks = {});

    bool has_users() const { return users_file_ != nullptr; }

    /// Throws `io` when the users file cannot be read any more.
    Decision decide(const Caller& caller) const;

private:
    using Snapshot = std::shared_ptr<const Users>;

    Decision decide_login(const Caller& caller) const;
    Decision decide_password(const Caller& caller, const PasswordLogin& login) const;
    Decision decide_token(const std::string& token) const;
    Decision grant(const Users& users, const std::string& name) const;
    bool was_verified(const Snapshot& users, const std::string& fingerprint) const;
    void remember(const Snapshot& users, const std::string& fingerprint) const;

    AccessClocks clocks_;
    std::unique_ptr<UsersFile> users_file_;  // null: there are none
    std::string nobodys_hash_;  // an unknown name costs as much time as a wrong password
    std::string cache_key_;
    mutable HashingQueue hashing_;
    mutable LoginThrottle throttle_;
    mutable std::mutex mutex_;  // guards what follows
    mutable Snapshot verified_for_;
    mutable std::set<std::string> verified_;  // fingerprints of logins that were right
};

}  // namespace offgrid
