#include "formats/http/http_cache.h"

#include "formats/base/overloaded.h"
#include "formats/base/text.h"
#include "formats/http/headers.h"
#include "formats/http/refusal.h"
#include "formats/http/s3_credentials.h"
#include "formats/http/signature_azure.h"
#include "formats/http/signature_google.h"
#include "formats/http/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid::http {
namespace {

constexpr int max_redirects = 3;

/// As MapCache reads a URL.
const PathTemplateOptions url_template{.xcount = 1,
                                       .ycount = 1,
                                       .dimension_text = DimensionText::raw_pairs,
                                       .has_one_key_per_axis = true};

bool is_redirect(int status) {
    constexpr std::array statuses{301, 302, 303, 307, 308};
    return std::ranges::find(statuses, status) != statuses.end();
}

bool leads_from_https_to_http(std::string_view from, std::string_view to) {
    return equals_ignoring_case(parts_of(from).scheme, "https") &&
           !equals_ignoring_case(parts_of(to).scheme, "https");
}

[[noreturn]] void refuse(std::string_view what) {
    throw Error{Errc::invalid_argument, std::string{what}};
}

void check_url(std::string_view url) {
    const auto parts = parts_of(url);
    if (!equals_ignoring_case(parts.scheme, "http") &&
        !equals_ignoring_case(parts.scheme, "https")) {
        refuse("the URL is neither http nor https");
    }
    if (host_of(parts).empty() || !parts.path.starts_with('/')) {
        refuse("the URL needs a host and a path");
    }
    if (parts.authority.find("{dim") != std::string_view::npos) {
        refuse("a dimension in the URL's host would let a request choose the server");
    }
}

}  // namespace

Cache::Cache(const HttpOptions& options, TilesetSlice slice)
    : options_{options},
      slice_{std::move(slice)},
      template_{options.url, url_template},
      client_{{.timeout = options.timeout,
               .connection_timeout = options.connection_timeout,
               .is_stopped = options.is_stopped}} {
    try {
        check();
    } catch (const Error& error) {
        rethrow_with(error, "cache '{}'", options_.name);
    }
}

void Cache::check() const {
    check_url(options_.url);
    std::visit(Overloaded{[](const NoSignature&) {},
                          [](const S3Signature& s3) {
                              if (s3.region.empty()) {
                                  refuse("no region is configured");
                              }
                              s3_credentials(s3);
                          },
                          [](const AzureSignature& azure) {
                              if (azure.id.empty() || azure.secret.empty()) {
                                  refuse("no id and secret are configured");
                              }
                          },
                          [](const GoogleSignature& google) {
                              if (google.access.empty() || google.secret.empty()) {
                                  refuse("no access and secret are configured");
                              }
                          }},
               options_.signature);
    configured_headers(options_.common, nullptr);
    for (const auto& [operation, source] : options_.by_operation) {
        configured_headers(source, nullptr);
    }
}

std::string Cache::url_of(const TileKey& key) const {
    const auto text = template_.render(*slice_.info.grid, key, slice_.values);
    auto url = options_.keeps_query ? encode_url_keeping_query(text) : encode_url(text);
    if (has_dot_segment(parts_of(url).path)) {
        throw Error{Errc::invalid_argument, fmt::format("cache '{}': {} leads to another path",
                                                        options_.name, shown_url(url))};
    }
    return url;
}

Answer Cache::put(const std::string& url, BytesView content, std::string_view media_type) const {
    return send("PUT", HttpOperation::put, url, content, media_type);
}

Answer Cache::send(std::string_view method, HttpOperation operation, const std::string& url,
                   BytesView body, std::string_view media_type) const {
    try {
        Request request{.method = std::string{method},
                        .url = url,
                        .headers = headers_for(method, operation, url, body, media_type),
                        .body = body};
        auto answer = client_.send(request);
        if (operation != HttpOperation::get && operation != HttpOperation::head) {
            return answer;
        }
        for (int hops = 0; is_redirect(answer.status) && !answer.location.empty(); ++hops) {
            if (hops == max_redirects) {
                throw Error{Errc::io, fmt::format("more than {} redirects", max_redirects)};
            }
            if (leads_from_https_to_http(request.url, answer.location)) {
                throw Error{Errc::denied, "redirected from https to http"};
            }
            if (is_signed() || !is_same_origin(request.url, answer.location)) {
                request.headers.clear();
            }
            request.url = answer.location;
            answer = client_.send(request);
        }
        return answer;
    } catch (const Error& error) {
        fail(error, method, url);
    }
}

HttpHeaders Cache::headers_for(std::string_view method, HttpOperation operation,
                               const std::string& url, BytesView body,
                               std::string_view media_type) const {
    const auto found = options_.by_operation.find(operation);
    auto headers = configured_headers(
        options_.common, found == options_.by_operation.end() ? nullptr : &found->second);
    if (!media_type.empty()) {
        set_header(headers, "Content-Type", media_type);
    }
    sign(headers, method, url, body);
    return headers;
}

void Cache::sign(HttpHeaders& headers, std::string_view method, const std::string& url,
                 BytesView body) const {
    if (!is_signed()) {
        return;
    }
    const auto parts = parts_of(url);
    if (find_header(headers, "Host").empty()) {
        set_header(headers, "Host", host_of(parts));
    }
    const Signable request{.method = method,
                           .path = parts.path,
                           .headers = headers,
                           .body = body,
                           .time = std::chrono::system_clock::now()};
    const auto added = std::visit(
        Overloaded{
            [](const NoSignature&) { return HttpHeaders{}; },
            [&](const S3Signature& s3) { return sign_s3(request, s3_credentials(s3), s3.region); },
            [&](const AzureSignature& azure) {
                return sign_azure(request, azure.id, azure.secret);
            },
            [&](const GoogleSignature& google) {
                return google.version == GoogleSignature::Version::v2
                           ? sign_google_v2(request, google.access, google.secret)
                           : sign_google_v4(request, {google.access, google.secret, {}});
            }},
        options_.signature);
    for (const auto& [name, value] : added) {
        set_header(headers, name, value);
    }
}

void Cache::fail(const Error& error, std::string_view method, std::string_view url) const {
    rethrow_with(error, "cache '{}': {} {}", options_.name, method, shown_url(url));
}

}  // namespace offgrid::http
