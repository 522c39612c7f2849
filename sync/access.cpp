#include "sync/access.h"

#include "formats/base/error.h"
#include "sync/credentials.h"
#include "sync/password.h"
#include "sync/token.h"

#include <Poco/Net/IPAddress.h>
#include <fmt/format.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

using std::chrono::seconds;

/// Nobody has this password: it is never compared, only hashed.
constexpr const char* any_password = "unknown user";

/// More logins than a depot has; they are verified again when it has more after all.
constexpr std::size_t max_verified = 1024;

constexpr std::size_t cache_key_bytes = 32;

/// What is left of an IPv6 address is its owner's to choose.
constexpr unsigned ipv6_network_bits = 64;

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

/// Whose failures are counted together.
std::string origin_of_failures(const std::string& address) {
    Poco::Net::IPAddress parsed;
    if (!Poco::Net::IPAddress::tryParse(address, parsed) ||
        parsed.family() != Poco::Net::IPAddress::IPv6 || parsed.isIPv4Mapped()) {
        return address;
    }
    return (parsed & Poco::Net::IPAddress{ipv6_network_bits, Poco::Net::IPAddress::IPv6})
        .toString();
}

std::string random_key() {
    std::string key(cache_key_bytes, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) !=
        1) {
        throw Error{Errc::io, "the system has no randomness"};
    }
    return key;
}

/// What a login is remembered by: nothing outside this process can recognise a password by it.
std::string fingerprint_of(const PasswordLogin& login, const std::string& key) {
    const auto text = login.name + ":" + login.password;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) == nullptr) {
        throw Error{Errc::io, "cannot compute an HMAC"};
    }
    return {digest.begin(), digest.begin() + size};
}

Access::Decision denial() {
    return {.verdict = Access::Verdict::needs_credentials,
            .reason = "name and password of a user needed, or a token"};
}

Access::Decision slow_down(seconds wait, std::string_view why) {
    return {.verdict = Access::Verdict::slow_down,
            .reason = fmt::format("{}: try again in {} s", why, wait.count()),
            .retry_after = wait};
}

Access::Decision forbid(std::string_view reason) {
    return {.verdict = Access::Verdict::forbidden, .reason = std::string{reason}};
}

}  // namespace

Access::Access(const std::optional<std::filesystem::path>& users_file, AccessClocks clocks)
    : clocks_{std::move(clocks)} {
    if (users_file) {
        users_file_ = std::make_unique<UsersFile>(*users_file);
        nobodys_hash_ = hash_password(any_password);
        cache_key_ = random_key();
    }
}

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
    const auto credentials = parse_authorization(caller.authorization);
    if (const auto* const login = std::get_if<PasswordLogin>(&credentials)) {
        return decide_password(caller, *login);
    }
    if (const auto* const login = std::get_if<TokenLogin>(&credentials)) {
        return decide_token(login->token);
    }
    return denial();
}

Access::Decision Access::decide_password(const Caller& caller, const PasswordLogin& login) const {
    const auto users = users_file_->current();
    const auto fingerprint = fingerprint_of(login, cache_key_);
    if (was_verified(users, fingerprint)) {
        return grant(*users, login.name);
    }
    const auto origin = origin_of_failures(caller.address);
    const auto wait = [&] { return throttle_.wait_of(origin, login.name, clocks_.now()); };
    if (const auto time = wait(); time > seconds{0}) {
        return slow_down(time, "too many failed logins");
    }
    const auto turn = hashing_.wait_for_turn(origin);
    if (!turn) {
        return slow_down(seconds{1}, "too many logins at a time");
    }
    if (was_verified(users, fingerprint)) {  // by who had the turn before
        return grant(*users, login.name);
    }
    if (const auto time = wait(); time > seconds{0}) {
        return slow_down(time, "too many failed logins");
    }
    const auto* const user = users->find(login.name);
    const bool has_password = user != nullptr && !user->is_token();
    const bool is_right = is_password(login.password, has_password ? user->secret : nobodys_hash_);
    if (!is_right || !has_password) {
        throttle_.note_failure(origin, login.name, clocks_.now());
        return denial();
    }
    remember(users, fingerprint);
    return grant(*users, login.name);
}

Access::Decision Access::decide_token(const std::string& token) const {
    const auto users = users_file_->current();
    const auto hash = hash_token(token);
    const auto found = std::ranges::find_if(
        users->all(), [&](const auto& user) { return is_same_hash(user.second.secret, hash); });
    return found == users->all().end() ? denial() : grant(*users, found->first);
}

Access::Decision Access::grant(const Users& users, const std::string& name) const {
    const auto& user = *users.find(name);
    if (!user.is_valid_on(std::chrono::floor<std::chrono::days>(clocks_.date()))) {
        return {.verdict = Verdict::needs_credentials,
                .reason = fmt::format("the {} of '{}' was valid until {}",
                                      user.is_token() ? "token" : "password", name,
                                      to_text(*user.expires))};
    }
    return {.verdict = Verdict::granted,
            .caller = {.name = name, .role = user.role, .layers = user.layers}};
}

bool Access::was_verified(const Snapshot& users, const std::string& fingerprint) const {
    const std::lock_guard lock{mutex_};
    return verified_for_ == users && verified_.contains(fingerprint);
}

void Access::remember(const Snapshot& users, const std::string& fingerprint) const {
    const std::lock_guard lock{mutex_};
    if (verified_for_ != users || verified_.size() >= max_verified) {
        verified_.clear();
    }
    verified_for_ = users;
    verified_.insert(fingerprint);
}

}  // namespace offgrid
