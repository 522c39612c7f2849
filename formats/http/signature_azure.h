#pragma once

#include "formats/http/signable.h"

#include <string_view>

namespace offgrid::http {

/// The version of the protocol that requests ask for. MapCache's 2009-09-19 also signs a length of
/// 0, and recent services refuse it.
inline constexpr std::string_view azure_version = "2021-12-02";

/// The headers that sign a request for Azure Blob Storage (SharedKey): Authorization, `x-ms-date`,
/// `x-ms-version` and, for PUT, `x-ms-blob-type`. Throws `invalid_argument` when the secret is not
/// base64.
HttpHeaders sign_azure(const Signable& request, std::string_view account, std::string_view secret);

}  // namespace offgrid::http
