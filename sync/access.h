#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace offgrid {

/// What a request says about who sent it. Empty where a header is missing.
struct Caller {
    bool is_loopback = false;   ///< the connection comes from this machine
    std::string authorization;  ///< header `Authorization`
    std::string host;           ///< header `Host`
    std::string origin;         ///< header `Origin`, which browsers add to what a page sends
};

/// Who may administer. Safe for concurrent use. Passwords are checked one at a time, so that who
/// tries many takes no more than one core.
///
/// With a users file: who has a name and password in it; the file is read anew for every request,
/// so that a change counts at once. Without: whoever is on this machine and is not a browser that a
/// foreign page has sent.
class Access {
public:
    enum class Verdict { granted, needs_credentials, forbidden };
    struct Decision {
        Verdict verdict = Verdict::forbidden;
        std::string reason;  ///< for the client, where it is not granted
    };

    /// Throws what `Users::load` throws, so that a daemon does not start with a users file that it
    /// cannot read.
    explicit Access(std::optional<std::filesystem::path> users_file);

    bool has_users() const { return users_file_.has_value(); }

    /// Throws `io` when the users file cannot be read any more.
    Decision decide(const Caller& caller) const;

private:
    bool admits(const std::string& authorization) const;

    std::optional<std::filesystem::path> users_file_;
    mutable std::mutex hashing_;  // held while a password is checked
    std::string nobodys_hash_;    // an unknown name costs as much time as a wrong password
};

}  // namespace offgrid
