#include "serve/access/password.h"

#include "formats/base/error.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace offgrid {
namespace {

constexpr const char* yescrypt = "$y$";

struct FreeText {
    void operator()(char* text) const noexcept { std::free(text); }  // as crypt_gensalt_ra(3) asks
};

bool is_usable(const std::string& password) {
    return !password.empty() && password.size() < max_password_bytes &&
           password.find('\0') == std::string::npos;
}

/// Empty when the setting is not one that this crypt(3) knows.
std::string crypt_with(const std::string& password, const std::string& setting) {
    const auto scratch = std::make_unique<crypt_data>();  // 32 kB, too much for a small stack
    const char* const hash = ::crypt_r(password.c_str(), setting.c_str(), scratch.get());
    return hash == nullptr || *hash == '*' ? std::string{} : std::string{hash};
}

}  // namespace

std::string hash_password(const std::string& password) {
    if (!is_usable(password)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("a password has 1 to {} bytes and no NUL", max_password_bytes - 1)};
    }
    const std::unique_ptr<char, FreeText> setting{::crypt_gensalt_ra(yescrypt, 0, nullptr, 0)};
    if (setting == nullptr) {
        throw system_error(errno, "cannot make a salt");
    }
    auto hash = crypt_with(password, setting.get());
    if (hash.empty()) {
        throw system_error(errno, "cannot hash a password");
    }
    return hash;
}

bool is_password(const std::string& password, const std::string& hash) {
    const auto computed = is_usable(password) ? crypt_with(password, hash) : std::string{};
    return !computed.empty() && computed.size() == hash.size() &&
           CRYPTO_memcmp(computed.data(), hash.data(), hash.size()) == 0;
}

}  // namespace offgrid
