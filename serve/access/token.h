#pragma once

#include <string>
#include <string_view>

namespace offgrid {

/// A new bearer token (RFC 6750) for a machine: `offgrid_` and 256 random bits in hex. Throws `io`
/// when the system has no randomness.
std::string make_token();

/// The hash under which a users file keeps a token. A fast one will do: nobody guesses 256 bits.
std::string hash_token(std::string_view token);

/// Whether the text may be a token, or most of one.
bool looks_like_token(std::string_view text);

/// Whether what stands in a users file is the hash of a token, not of a password.
bool is_token_hash(std::string_view secret);

/// Whether two hashes are the same, in a time that does not tell how nearly.
bool is_same_hash(std::string_view one, std::string_view other);

}  // namespace offgrid
