#include "serve/access/token.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>

namespace offgrid {
namespace {

/// Told apart at a glance, and by those who search sources for secrets that should not be there.
constexpr std::string_view token_prefix = "offgrid_";

/// What is shorter leaves more than 128 bits to be guessed, and may be the name of a user.
constexpr std::size_t least_token_bytes = 40;

/// No method of crypt(3) is called so.
constexpr std::string_view hash_prefix = "$token$sha256$";

}  // namespace

std::string make_token() {
    std::array<std::uint8_t, 32> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
        throw Error{Errc::io, "cannot make a token: the system has no randomness"};
    }
    std::string token{token_prefix};
    for (const auto byte : random) {
        token += fmt::format("{:02x}", byte);
    }
    return token;
}

std::string hash_token(std::string_view token) {
    return std::string{hash_prefix} + sha256_hex(as_bytes(token));
}

bool looks_like_token(std::string_view text) {
    return text.size() >= least_token_bytes && text.starts_with(token_prefix);
}

bool is_token_hash(std::string_view secret) {
    return secret.starts_with(hash_prefix);
}

bool is_same_hash(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace offgrid
