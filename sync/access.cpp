#include "sync/access.h"

#include <string_view>
#include <utility>

namespace offgrid {
namespace {

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

Access::Decision forbid(std::string_view reason) {
    return {.verdict = Access::Verdict::forbidden, .reason = std::string{reason}};
}

Access::Verdict verdict_of(Logins::Verdict verdict) {
    switch (verdict) {
        case Logins::Verdict::granted:
            return Access::Verdict::granted;
        case Logins::Verdict::needs_credentials:
            return Access::Verdict::needs_credentials;
        case Logins::Verdict::slow_down:
            return Access::Verdict::slow_down;
    }
    return Access::Verdict::forbidden;
}

}  // namespace

Access::Access(const std::optional<std::filesystem::path>& users_file, AccessClocks clocks)
    : logins_{users_file
                  ? std::make_unique<Logins>(*users_file, LoginOptions{.clocks = std::move(clocks)})
                  : nullptr} {}

Access::Decision Access::decide(const Caller& caller) const {
    if (!caller.origin.empty() && host_of_origin(caller.origin) != caller.host) {
        return forbid("a page of another site may not administer this one");
    }
    if (has_users()) {
        return decide_login(caller);
    }
    if (!caller.is_loopback) {
        return forbid("without a users file only this machine may administer");
    }
    if (caller.is_forwarded) {
        return forbid("without a users file nobody may administer through a proxy");
    }
    if (!caller.host.empty() && !names_loopback(caller.host)) {
        return forbid("without a users file only localhost may be asked");
    }
    return {.verdict = Verdict::granted, .caller = {.name = "local", .role = Role::admin}};
}

Access::Decision Access::decide_login(const Caller& caller) const {
    auto login = logins_->decide(caller.authorization, caller.address);
    return {.verdict = verdict_of(login.verdict),
            .reason = std::move(login.reason),
            .caller = std::move(login.caller),
            .retry_after = login.retry_after};
}

}  // namespace offgrid
