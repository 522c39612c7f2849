#pragma once

#include "formats/http/http_options.h"
#include "formats/http/signature_v4.h"

namespace offgrid::http {

/// The key that signs the next request: of the credentials file, which is read now, else of the
/// options, else of the environment. Throws `invalid_argument` when there is none, and what reading
/// the file throws.
V4Credentials s3_credentials(const S3Signature& options);

}  // namespace offgrid::http
