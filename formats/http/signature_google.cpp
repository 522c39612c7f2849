#include "formats/http/signature_google.h"

#include "formats/base/http_date.h"
#include "formats/http/digest.h"
#include "formats/http/headers.h"

#include <fmt/format.h>

namespace offgrid::http {

HttpHeaders sign_google_v2(const Signable& request, std::string_view access,
                           std::string_view secret) {
    HttpHeaders added{
        {"x-amz-date", http_date(std::chrono::floor<std::chrono::seconds>(request.time))}};
    if (!request.body.empty()) {
        added.emplace_back("Content-MD5", base64(md5(request.body)));
    }
    auto all = request.headers;
    for (const auto& [name, value] : added) {
        set_header(all, name, value);
    }
    // The date's own line is empty: it is in x-amz-date.
    auto text = fmt::format("{}\n{}\n{}\n\n", request.method, find_header(all, "Content-MD5"),
                            find_header(all, "Content-Type"));
    for (const auto& [name, value] : canonical_headers(all)) {
        if (name.starts_with("x-amz-")) {
            text += fmt::format("{}:{}\n", name, value);
        }
    }
    text += request.path;
    added.emplace_back("Authorization",
                       fmt::format("AWS {}:{}", access, base64(hmac_sha1(as_bytes(secret), text))));
    return added;
}

}  // namespace offgrid::http
