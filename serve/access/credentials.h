#pragma once

#include <string>
#include <variant>

namespace offgrid {

/// A header `Authorization` that says nothing, or nothing that is understood here.
struct NoCredentials {};

/// `Basic`: the name and password of a person (RFC 7617).
struct PasswordLogin {
    std::string name;
    std::string password;
};

/// `Bearer`: the token of a machine (RFC 6750).
struct TokenLogin {
    std::string token;
};

using Credentials = std::variant<NoCredentials, PasswordLogin, TokenLogin>;

/// What the value of the header says.
Credentials parse_authorization(const std::string& header);

/// The name that the header tries, for a log: never a secret. So it is empty not only where there
/// is none, but also for a name without a password, as which some clients send a token, and for one
/// that looks like a token.
std::string name_tried(const std::string& header);

}  // namespace offgrid
