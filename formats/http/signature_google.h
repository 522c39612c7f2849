#pragma once

#include "formats/http/signable.h"

#include <string_view>

namespace offgrid::http {

/// The headers that sign a request for Google Cloud Storage with an interoperability key as
/// MapCache does (AWS Signature Version 2, HMAC-SHA1): Authorization, `x-amz-date` and, with a
/// body, Content-MD5.
HttpHeaders sign_google_v2(const Signable& request, std::string_view access,
                           std::string_view secret);

}  // namespace offgrid::http
