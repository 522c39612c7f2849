#pragma once

#include "formats/http/signable.h"

#include <string>

namespace offgrid::http {

/// A key of AWS Signature Version 4, or of Google's twin of it.
struct V4Credentials {
    std::string id{};
    std::string secret{};
    std::string session_token{};  ///< of temporary credentials; empty: none
};

/// The headers that sign a request for S3 (AWS Signature Version 4, service `s3`): Authorization,
/// `x-amz-date`, `x-amz-content-sha256` and, with a token, `x-amz-security-token`. Every header of
/// the request is signed.
HttpHeaders sign_s3(const Signable& request, const V4Credentials& credentials,
                    std::string_view region);

/// The same for Google Cloud Storage (`GOOG4-HMAC-SHA256`, service `storage`, region `auto`, with
/// `x-goog-` in the headers' names).
HttpHeaders sign_google_v4(const Signable& request, const V4Credentials& credentials);

}  // namespace offgrid::http
