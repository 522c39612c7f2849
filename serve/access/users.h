#pragma once

#include "formats/base/file_ops.h"
#include "serve/access/identity.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// What a users file says about one user: a person with a password, or a machine with a token.
struct User {
    std::string secret{};  ///< hash of the password in crypt(3) form, or of the token (token.h)
    Role role = Role::admin;
    std::vector<std::string> layers{};               ///< a publisher's; empty: all
    std::optional<std::chrono::sys_days> expires{};  ///< the last day (UTC) on which it is valid

    bool is_token() const;
    bool is_valid_on(std::chrono::sys_days day) const { return !expires || day <= *expires; }

    friend bool operator==(const User&, const User&) = default;
};

/// Those who may administer a depot: the lines `name:hash[:role[:layers[:expires]]]` of a users
/// file. A value.
///
/// The role is `reader`, `publisher` or `admin`; without one the user is an admin. Layers are
/// separated by commas and percent-encoded, as their names may hold anything; none are all. It
/// expires after the day `YYYY-MM-DD`. Empty lines and lines that start with `#` may stand in the
/// file; they are lost when it is written.
class Users {
public:
    Users() = default;

    /// Read the file. Throws `not_found` when there is none and `corrupt` naming the line that is
    /// none, or whose user is there already.
    static Users load(const std::filesystem::path& path);

    /// The users in the content of the file `name`.
    static Users parse(std::string_view content, const std::string& name);

    /// Write the file in one step, behind a link where the path is one. It keeps its owner and what
    /// owner and group may; a new one is its owner's alone. Throws `denied` when it cannot keep
    /// them.
    void save(FileOps& files, const std::filesystem::path& path) const;

    /// Add the user, or change it. Throws `invalid_argument` for a name that a users file cannot
    /// hold.
    void set(const std::string& name, User user);

    /// False when there was no such user.
    bool remove(const std::string& name) { return users_.erase(name) > 0; }

    /// Null when there is no such user. Valid as long as this object is not changed.
    const User* find(const std::string& name) const;

    const std::map<std::string, User>& all() const { return users_; }

private:
    std::map<std::string, User> users_;
};

/// Change a users file, or make it, with nobody else changing it between its being read and its
/// being written. Throws `busy` when somebody is at it for seconds, and what `load`, `change` and
/// `save` throw.
void edit_users(FileOps& files, const std::filesystem::path& path,
                const std::function<void(Users& users)>& change);

/// The largest file that `Users::load` takes.
inline constexpr std::uint64_t max_users_bytes = 1 << 20;

/// Throws `invalid_argument` for a name that a users file cannot hold.
void check_user_name(const std::string& name);

/// Nothing for a text that names no role.
std::optional<Role> parse_role(std::string_view text);

/// A day as it stands in a users file, `YYYY-MM-DD`.
std::string to_text(std::chrono::sys_days day);

}  // namespace offgrid
