#include "serve/access/logins.h"

#include "formats/base/error.h"
#include "serve/access/credentials.h"
#include "serve/access/password.h"
#include "serve/access/token.h"
#include "serve/client_address.h"

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

/// More logins than a server has; they are verified again when it has more after all.
constexpr std::size_t max_verified = 1024;

constexpr std::size_t cache_key_bytes = 32;

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

Logins::Decision denial() {
    return {.verdict = Logins::Verdict::needs_credentials,
            .reason = "name and password of a user needed, or a token"};
}

Logins::Decision slow_down(seconds wait, std::string_view why) {
    return {.verdict = Logins::Verdict::slow_down,
            .reason = fmt::format("{}: try again in {} s", why, wait.count()),
            .retry_after = wait};
}

}  // namespace

Logins::Logins(const std::filesystem::path& users_file, LoginOptions options)
    : clocks_{std::move(options.clocks)},
      users_file_{users_file, options.users_interval},
      nobodys_hash_{hash_password(any_password)},
      cache_key_{random_key()},
      hashing_{options.max_hashing} {}

Logins::Decision Logins::decide(const std::string& authorization,
                                const std::string& address) const {
    const auto credentials = parse_authorization(authorization);
    if (const auto* const login = std::get_if<PasswordLogin>(&credentials)) {
        return decide_password(*login, address);
    }
    if (const auto* const login = std::get_if<TokenLogin>(&credentials)) {
        return decide_token(login->token);
    }
    return denial();
}

Logins::Decision Logins::decide_password(const PasswordLogin& login,
                                         const std::string& address) const {
    const auto users = users_file_.current();
    const auto fingerprint = fingerprint_of(login, cache_key_);
    if (was_verified(users, fingerprint)) {
        return grant(*users, login.name);
    }
    const auto origin = network_of(address);
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

Logins::Decision Logins::decide_token(const std::string& token) const {
    const auto users = users_file_.current();
    const auto hash = hash_token(token);
    const auto found = std::ranges::find_if(
        users->all(), [&](const auto& user) { return is_same_hash(user.second.secret, hash); });
    return found == users->all().end() ? denial() : grant(*users, found->first);
}

Logins::Decision Logins::grant(const Users& users, const std::string& name) const {
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

bool Logins::was_verified(const Snapshot& users, const std::string& fingerprint) const {
    const std::lock_guard lock{mutex_};
    return verified_for_ == users && verified_.contains(fingerprint);
}

void Logins::remember(const Snapshot& users, const std::string& fingerprint) const {
    const std::lock_guard lock{mutex_};
    if (verified_for_ != users || verified_.size() >= max_verified) {
        verified_.clear();
    }
    verified_for_ = users;
    verified_.insert(fingerprint);
}

}  // namespace offgrid
