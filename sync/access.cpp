#include "sync/access.h"

#include "formats/base/error.h"
#include "sync/password.h"
#include "sync/users.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPBasicCredentials.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

constexpr std::string_view basic = "basic ";

/// Nobody has this password: it is never compared, only hashed.
constexpr const char* any_password = "unknown user";

bool starts_with_basic(std::string_view authorization) {
    return authorization.size() > basic.size() &&
           std::ranges::equal(authorization.substr(0, basic.size()), basic,
                              [](unsigned char a, char b) { return std::tolower(a) == b; });
}

/// `http://host:port` without its scheme; browsers send `null` for pages without an origin.
std::string_view host_of_origin(std::string_view origin) {
    const auto scheme = origin.find("://");
    return scheme == std::string_view::npos ? std::string_view{} : origin.substr(scheme + 3);
}

/// A name server under foreign control may point any other name at this machine (DNS rebinding).
bool names_loopback(std::string_view host) {
    const auto is_ipv6 = host.starts_with('[');
    const auto name = host.substr(0, is_ipv6 ? host.find(']') + 1 : host.find(':'));
    const bool is_ipv4 =
        name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
    return is_ipv4 || name == "localhost" || name == "[::1]";
}

/// Whatever is wrong with the file is this server's failure, not the caller's.
Users load_users(const std::filesystem::path& path) {
    try {
        return Users::load(path);
    } catch (const Error& error) {
        throw Error{Errc::io, error.what()};
    }
}

}  // namespace

Access::Access(std::optional<std::filesystem::path> users_file)
    : users_file_{std::move(users_file)} {
    if (users_file_) {
        Users::load(*users_file_);
        nobodys_hash_ = hash_password(any_password);
    }
}

Access::Decision Access::decide(const Caller& caller) const {
    if (!caller.origin.empty() && host_of_origin(caller.origin) != caller.host) {
        return {Verdict::forbidden, "a page of another site may not administer this one"};
    }
    if (users_file_) {
        return admits(caller.authorization)
                   ? Decision{Verdict::granted, {}}
                   : Decision{Verdict::needs_credentials, "name and password of a user needed"};
    }
    if (!caller.is_loopback) {
        return {Verdict::forbidden, "without a users file only this machine may administer"};
    }
    if (!caller.host.empty() && !names_loopback(caller.host)) {
        return {Verdict::forbidden, "without a users file only localhost may be asked"};
    }
    return {Verdict::granted, {}};
}

bool Access::admits(const std::string& authorization) const {
    if (!starts_with_basic(authorization)) {
        return false;
    }
    std::string name;
    std::string password;
    try {
        const Poco::Net::HTTPBasicCredentials credentials{authorization.substr(basic.size())};
        name = credentials.getUsername();
        password = credentials.getPassword();
    } catch (const Poco::Exception&) {
        return false;  // not base64
    }
    const auto hash = load_users(*users_file_).hash_of(name);
    const std::lock_guard lock{hashing_};
    const bool is_right = is_password(password, hash.value_or(nobodys_hash_));
    return is_right && hash.has_value();
}

}  // namespace offgrid
