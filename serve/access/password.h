#pragma once

#include <string>

namespace offgrid {

/// The longest password that crypt(3) takes (CRYPT_MAX_PASSPHRASE_SIZE).
inline constexpr std::size_t max_password_bytes = 512;

/// A new salted hash of the password in crypt(3) form, yescrypt. Takes tens of milliseconds on
/// purpose. Throws `invalid_argument` for an empty password, one with a NUL character, and one that
/// is too long.
std::string hash_password(const std::string& password);

/// Whether the hash is of this password, in a time that does not tell how nearly.
bool is_password(const std::string& password, const std::string& hash);

}  // namespace offgrid
