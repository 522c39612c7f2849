#include "serve/answer_rules.h"

#include "formats/image/blank.h"
#include "serve/body_range.h"
#include "serve/content_coding.h"
#include "serve/etag.h"
#include "serve/vary.h"

#include <string>
#include <utility>

namespace offgrid {
namespace {

/// Beyond that nobody draws tiles, and a picture of nothing would cost memory.
constexpr int max_transparent_pixels = 2048;

}  // namespace

Admission AnswerRules::admit(const Request& request) const {
    // Whether the server is well everybody may ask: a probe knows neither its name nor a password.
    const bool is_probe = request.path == "/health" || request.path == "/ready";
    if (!options_.hosts.allows(request.host)) {
        if (is_probe) {
            return {.is_reader = false};
        }
        return {.answer = text_response(421, "this server is not asked by that name"),
                .is_reader = false};
    }
    if (auto preflight = options_.cors.preflight(request)) {
        return {.answer = std::move(preflight)};  // which browsers send without credentials
    }
    if (options_.readers == nullptr) {
        return {};
    }
    auto admission = admit_reader(request);
    if (is_probe) {
        admission.answer.reset();
    }
    return admission;
}

Admission AnswerRules::admit_reader(const Request& request) const {
    auto decision =
        options_.readers->decide(std::string{request.authorization}, std::string{request.client});
    switch (decision.verdict) {
        case Logins::Verdict::granted:
            return {.user = std::move(decision.caller.name)};
        case Logins::Verdict::slow_down: {
            auto response = text_response(429, decision.reason);
            response.headers.push_back(
                {"Retry-After", std::to_string(decision.retry_after.count())});
            return {.answer = std::move(response), .is_reader = false};
        }
        case Logins::Verdict::needs_credentials:
            break;
    }
    auto response = text_response(401, decision.reason);
    response.headers.push_back({"WWW-Authenticate", R"(Basic realm="offgrid", charset="UTF-8")"});
    response.headers.push_back({"WWW-Authenticate", R"(Bearer realm="offgrid")"});
    return {.answer = std::move(response), .is_reader = false};
}

Response AnswerRules::finish(Response response, const Request& request) const {
    if (response.absent && response.status == 404) {
        response = instead_of(std::move(response), request);
    }
    if (is_sent_as_gzip(response)) {
        add_vary(response, "Accept-Encoding");
        if (!accepts_gzip(request.accept_encoding)) {
            unpack_gzip(response);
        }
    }
    apply_range(response, request);
    add_headers(response, request);
    return response;
}

Response AnswerRules::finish_refusal(Response response, const Request& request) const {
    add_headers(response, request);
    return response;
}

Response AnswerRules::instead_of(Response absent, const Request& request) const {
    const auto& tile = *absent.absent;
    switch (options_.absent) {
        case AbsentTiles::not_found:
            return absent;
        case AbsentTiles::transparent:
            if (!tile.is_vector && tile.tile_size > 0 && tile.tile_size <= max_transparent_pixels) {
                absent.status = 200;
                absent.body = transparent_tile(tile.tile_size);
                absent.headers.push_back({"Content-Type", "image/png"});
                return with_etag(std::move(absent), request);
            }
            break;
        case AbsentTiles::no_content:
            break;
    }
    absent.status = 204;
    absent.body = {};
    return absent;
}

BytesView AnswerRules::transparent_tile(int size) const {
    {
        const std::lock_guard lock{mutex_};
        if (const auto found = transparent_tiles_.find(size); found != transparent_tiles_.end()) {
            return found->second;
        }
    }
    // Others need not wait for it. Should two make it at once, that of the first is taken.
    auto picture = blank_png(BlankColour{}, size, size);
    const std::lock_guard lock{mutex_};
    return transparent_tiles_.try_emplace(size, std::move(picture)).first->second;
}

void AnswerRules::add_headers(Response& response, const Request& request) const {
    if (response.header("Cache-Control").empty()) {
        // An update must show at once, so a client may keep what it has but asks every time.
        response.headers.push_back({"Cache-Control", "no-cache"});
    }
    options_.cors.add_headers(response, request);
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
}

}  // namespace offgrid
