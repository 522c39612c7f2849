#include "serve/cors.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "serve/host_name.h"
#include "serve/vary.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

std::string checked_origin(std::string_view text) {
    const auto scheme_end = text.find("://");
    const bool is_origin = scheme_end != std::string_view::npos && scheme_end > 0 &&
                           is_host(text.substr(scheme_end + 3));
    if (!is_origin) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' is no origin like https://maps.example.org", text)};
    }
    return lower_case(text);  // as browsers send it
}

}  // namespace

Cors::Cors(std::string_view text) {
    if (text == "any") {
        return;
    }
    pages_ = text == "off" ? Pages::none : Pages::listed;
    while (pages_ == Pages::listed && !text.empty()) {
        const auto item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        origins_.push_back(checked_origin(trimmed(item)));
    }
    if (pages_ == Pages::listed && origins_.empty()) {
        throw Error{Errc::invalid_argument, "a list of origins is empty"};
    }
}

std::optional<Response> Cors::preflight(const Request& request) const {
    if (pages_ == Pages::none || request.method != "OPTIONS" || request.origin.empty() ||
        request.request_method.empty()) {
        return std::nullopt;
    }
    Response response{.status = 204, .headers = {}, .body = {}};
    response.headers.push_back({"Access-Control-Allow-Methods", "GET, HEAD"});
    response.headers.push_back(
        {"Access-Control-Allow-Headers", "Authorization, If-None-Match, If-Range, Range"});
    response.headers.push_back({"Access-Control-Max-Age", "86400"});
    return response;
}

void Cors::add_headers(Response& response, const Request& request) const {
    switch (pages_) {
        case Pages::none:
            return;
        case Pages::any:
            response.headers.push_back({"Access-Control-Allow-Origin", "*"});
            break;
        case Pages::listed:
            add_vary(response, "Origin");
            if (std::ranges::find(origins_, request.origin) == origins_.end()) {
                return;
            }
            response.headers.push_back(
                {"Access-Control-Allow-Origin", std::string{request.origin}});
            break;
    }
    if (response.status == 206 || response.status == 416) {
        response.headers.push_back({"Access-Control-Expose-Headers", "Content-Range, ETag"});
    }
}

}  // namespace offgrid
