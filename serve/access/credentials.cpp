#include "serve/access/credentials.h"

#include "formats/base/text.h"
#include "serve/access/token.h"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace offgrid {
namespace {

constexpr std::string_view basic = "Basic ";
constexpr std::string_view bearer = "Bearer ";

bool has_scheme(std::string_view header, std::string_view scheme) {
    return equals_ignoring_case(header.substr(0, scheme.size()), scheme);
}

/// Nothing for what is no base64 (RFC 4648, section 4), with its padding.
std::optional<std::string> base64_decoded(std::string_view text) {
    std::string decoded(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (text.size() % 4 != 0 || size < 0) {
        return std::nullopt;
    }
    // What is padded is decoded as zeros.
    const auto padding = std::min<std::size_t>(
        2, text.size() - std::min(text.size(), text.find_last_not_of('=') + 1));
    decoded.resize(static_cast<std::size_t>(size) - padding);
    return decoded;
}

}  // namespace

Credentials parse_authorization(const std::string& header) {
    if (has_scheme(header, bearer)) {
        return TokenLogin{std::string{trimmed(header.substr(bearer.size()))}};
    }
    if (!has_scheme(header, basic)) {
        return NoCredentials{};
    }
    const auto login = base64_decoded(trimmed(std::string_view{header}.substr(basic.size())));
    if (!login) {
        return NoCredentials{};
    }
    const auto colon = std::min(login->find(':'), login->size());
    return PasswordLogin{login->substr(0, colon),
                         login->substr(std::min(colon + 1, login->size()))};
}

std::string name_tried(const std::string& header) {
    const auto credentials = parse_authorization(header);
    const auto* const login = std::get_if<PasswordLogin>(&credentials);
    const bool is_shown =
        login != nullptr && !login->password.empty() && !looks_like_token(login->name);
    return is_shown ? login->name : std::string{};
}

}  // namespace offgrid
