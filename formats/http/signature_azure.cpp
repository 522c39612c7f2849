#include "formats/http/signature_azure.h"

#include "formats/base/error.h"
#include "formats/base/http_date.h"
#include "formats/http/digest.h"
#include "formats/http/headers.h"

#include <fmt/format.h>

#include <array>

namespace offgrid::http {

/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
HttpHeaders sign_azure(const Signable& request, std::string_view account, std::string_view secret) {
    const auto key = from_base64(secret);
    if (!key) {
        throw Error{Errc::invalid_argument, "the secret is not base64"};
    }
    HttpHeaders added{
        {"x-ms-date", http_date(std::chrono::floor<std::chrono::seconds>(request.time))},
        {"x-ms-version", std::string{azure_version}}};
    if (request.method == "PUT") {
        added.emplace_back("x-ms-blob-type", "BlockBlob");
    }
    auto all = request.headers;
    for (const auto& [name, value] : added) {
        set_header(all, name, value);
    }
    if (!request.body.empty()) {
        set_header(all, "Content-Length", std::to_string(request.body.size()));
    }
    // The line of Date is empty: x-ms-date stands for it.
    constexpr std::array<std::string_view, 11> signed_by_value{"Content-Encoding",
                                                               "Content-Language",
                                                               "Content-Length",
                                                               "Content-MD5",
                                                               "Content-Type",
                                                               "",
                                                               "If-Modified-Since",
                                                               "If-Match",
                                                               "If-None-Match",
                                                               "If-Unmodified-Since",
                                                               "Range"};
    auto text = fmt::format("{}\n", request.method);
    for (const auto name : signed_by_value) {
        text += fmt::format("{}\n", find_header(all, name));
    }
    for (const auto& [name, value] : canonical_headers(all)) {
        if (name.starts_with("x-ms-")) {
            text += fmt::format("{}:{}\n", name, value);
        }
    }
    text += fmt::format("/{}{}", account, request.path);
    added.emplace_back("Authorization",
                       fmt::format("SharedKey {}:{}", account, base64(hmac_sha256(*key, text))));
    return added;
}

}  // namespace offgrid::http
