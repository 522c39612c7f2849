#include "sync/credentials.h"

#include "formats/base/text.h"
#include "sync/token.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPBasicCredentials.h>

#include <string_view>

namespace offgrid {
namespace {

constexpr std::string_view basic = "Basic ";
constexpr std::string_view bearer = "Bearer ";

bool has_scheme(std::string_view header, std::string_view scheme) {
    return equals_ignoring_case(header.substr(0, scheme.size()), scheme);
}

}  // namespace

Credentials parse_authorization(const std::string& header) {
    if (has_scheme(header, bearer)) {
        return TokenLogin{std::string{trimmed(header.substr(bearer.size()))}};
    }
    if (!has_scheme(header, basic)) {
        return NoCredentials{};
    }
    try {
        const Poco::Net::HTTPBasicCredentials login{header.substr(basic.size())};
        return PasswordLogin{login.getUsername(), login.getPassword()};
    } catch (const Poco::Exception&) {
        return NoCredentials{};  // not base64
    }
}

std::string name_tried(const std::string& header) {
    const auto credentials = parse_authorization(header);
    const auto* const login = std::get_if<PasswordLogin>(&credentials);
    const bool is_shown =
        login != nullptr && !login->password.empty() && !looks_like_token(login->name);
    return is_shown ? login->name : std::string{};
}

}  // namespace offgrid
