#include "formats/http/s3_credentials.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/base/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace offgrid::http {
namespace {

constexpr std::uint64_t credentials_limit = std::uint64_t{16} * 1024;

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

V4Credentials from_file(const std::filesystem::path& path) {
    const auto content = read_file(path, credentials_limit);
    auto rest = as_text(content);
    std::array<std::string, 3> lines;
    for (auto& line : lines) {
        const auto end = std::min(rest.find('\n'), rest.size());
        line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (lines[0].empty() || lines[1].empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{} does not have the id in its first line and the secret in its "
                                "second",
                                path.string())};
    }
    return {.id = lines[0], .secret = lines[1], .session_token = lines[2]};
}

}  // namespace

V4Credentials s3_credentials(const S3Signature& options) {
    if (!options.credentials_file.empty()) {
        return from_file(options.credentials_file);
    }
    V4Credentials credentials{options.id, options.secret, options.session_token};
    if (credentials.id.empty() && credentials.secret.empty()) {
        credentials = {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                       environment("AWS_SESSION_TOKEN")};
    }
    if (credentials.id.empty() || credentials.secret.empty()) {
        throw Error{Errc::invalid_argument,
                    "no id and secret are configured, nor in AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY"};
    }
    return credentials;
}

}  // namespace offgrid::http
