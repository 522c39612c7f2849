#include "formats/http/signature_v4.h"

#include "formats/base/hash.h"
#include "formats/http/digest.h"
#include "formats/http/headers.h"

#include <fmt/format.h>

namespace offgrid::http {
namespace {

/// In what the two services differ.
struct Dialect {
    std::string_view algorithm{};
    std::string_view key_prefix{};
    std::string_view header_prefix{};
    std::string_view region{};
    std::string_view service{};
    std::string_view terminator{};
};

/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
HttpHeaders sign(const Signable& request, const V4Credentials& credentials,
                 const Dialect& dialect) {
    const auto time = basic_time(request.time);
    const auto date = std::string_view{time}.substr(0, 8);
    const auto body_hash = sha256_hex(request.body);
    HttpHeaders added{{fmt::format("{}date", dialect.header_prefix), time},
                      {fmt::format("{}content-sha256", dialect.header_prefix), body_hash}};
    if (!credentials.session_token.empty()) {
        added.emplace_back(fmt::format("{}security-token", dialect.header_prefix),
                           credentials.session_token);
    }
    auto all = request.headers;
    for (const auto& [name, value] : added) {
        set_header(all, name, value);
    }
    std::string header_lines;
    std::string names;
    for (const auto& [name, value] : canonical_headers(all)) {
        header_lines += fmt::format("{}:{}\n", name, value);
        names += fmt::format("{}{}", names.empty() ? "" : ";", name);
    }
    const auto canonical = fmt::format("{}\n{}\n\n{}\n{}\n{}", request.method, request.path,
                                       header_lines, names, body_hash);
    const auto scope =
        fmt::format("{}/{}/{}/{}", date, dialect.region, dialect.service, dialect.terminator);
    const auto text = fmt::format("{}\n{}\n{}\n{}", dialect.algorithm, time, scope,
                                  sha256_hex(as_bytes(canonical)));

    const auto first = fmt::format("{}{}", dialect.key_prefix, credentials.secret);
    auto key = hmac_sha256(as_bytes(first), date);
    for (const auto part : {dialect.region, dialect.service, dialect.terminator}) {
        key = hmac_sha256(key, part);
    }
    added.emplace_back(
        "Authorization",
        fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", dialect.algorithm,
                    credentials.id, scope, names, hex(hmac_sha256(key, text))));
    return added;
}

}  // namespace

HttpHeaders sign_s3(const Signable& request, const V4Credentials& credentials,
                    std::string_view region) {
    return sign(request, credentials,
                {.algorithm = "AWS4-HMAC-SHA256",
                 .key_prefix = "AWS4",
                 .header_prefix = "x-amz-",
                 .region = region,
                 .service = "s3",
                 .terminator = "aws4_request"});
}

HttpHeaders sign_google_v4(const Signable& request, const V4Credentials& credentials) {
    return sign(request, credentials,
                {.algorithm = "GOOG4-HMAC-SHA256",
                 .key_prefix = "GOOG4",
                 .header_prefix = "x-goog-",
                 .region = "auto",
                 .service = "storage",
                 .terminator = "goog4_request"});
}

}  // namespace offgrid::http
