#pragma once

#include "serve/access/logins.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace offgrid {

/// What a request says about who sent it. Empty where a header is missing.
struct Caller {
    bool is_loopback = false;     ///< the connection comes from this machine
    std::string authorization{};  ///< header `Authorization`
    std::string host{};           ///< header `Host`
    std::string origin{};         ///< header `Origin`, which browsers add to what a page sends
    std::string address{};        ///< that the connection comes from, without the port
    bool is_forwarded = false;    ///< by a proxy, as a header says that only proxies add
};

/// Who may administer. Safe for concurrent use.
///
/// With a users file: who has a name and password in it, or a token; a change of the file counts at
/// once. Without: whoever is on this machine and is neither a browser that a foreign page has sent
/// nor a proxy, behind which anybody may be.
///
/// Logins slows down who guesses passwords, and remembers who was right.
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

    bool has_users() const { return logins_ != nullptr; }

    /// Throws `io` when the users file cannot be read any more.
    Decision decide(const Caller& caller) const;

private:
    Decision decide_login(const Caller& caller) const;

    std::unique_ptr<const Logins> logins_;  // null: there are no users
};

}  // namespace offgrid
