#include "serve/privileges.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace offgrid {

void drop_privileges(std::string_view user_and_group) {
    const std::string user{user_and_group.substr(0, user_and_group.find(':'))};
    const std::string group{
        user_and_group.substr(std::min(user.size() + 1, user_and_group.size()))};
    const auto* const known_user = ::getpwnam(user.c_str());
    if (known_user == nullptr) {
        throw Error{Errc::invalid_argument, fmt::format("there is no user '{}'", user)};
    }
    const auto uid = known_user->pw_uid;
    auto gid = known_user->pw_gid;
    if (!group.empty()) {
        const auto* const known_group = ::getgrnam(group.c_str());
        if (known_group == nullptr) {
            throw Error{Errc::invalid_argument, fmt::format("there is no group '{}'", group)};
        }
        gid = known_group->gr_gid;
    }
    if (uid == 0 || gid == 0) {
        throw Error{Errc::invalid_argument, "to become root drops no privileges"};
    }
    if (::setgroups(1, &gid) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(uid, uid, uid) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        throw system_error(errno, fmt::format("cannot become user '{}'", user));
    }
    if (::setuid(0) == 0 || ::getuid() != uid || ::getgid() != gid) {
        throw Error{Errc::denied, fmt::format("user '{}' could become root again", user)};
    }
}

}  // namespace offgrid
