#include "serve/content_coding.h"

#include "formats/base/error.h"
#include "formats/base/gzip.h"
#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace offgrid {
namespace {

/// Whether the parameters of a coding say that it is not acceptable: `q=0`, `q=0.000`.
bool has_no_weight(std::string_view parameters) {
    const auto weight = trimmed(parameters.substr(0, parameters.find(';')));
    if (weight.size() < 3 || !equals_ignoring_case(weight.substr(0, 2), "q=")) {
        return false;
    }
    return weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
    if (accept_encoding.empty()) {
        return true;
    }
    std::optional<bool> by_star;
    while (!accept_encoding.empty()) {
        const auto item = accept_encoding.substr(0, accept_encoding.find(','));
        accept_encoding.remove_prefix(std::min(item.size() + 1, accept_encoding.size()));
        const auto semicolon = item.find(';');
        const auto coding = trimmed(item.substr(0, semicolon));
        const bool is_wanted =
            semicolon == std::string_view::npos || !has_no_weight(item.substr(semicolon + 1));
        if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
            return is_wanted;
        }
        if (coding == "*") {
            by_star = is_wanted;
        }
    }
    return by_star.value_or(false);
}

bool is_sent_as_gzip(const Response& response) {
    return response.header("Content-Encoding") == "gzip";
}

void unpack_gzip(Response& response) {
    auto plain = unzipped(response.content(), max_unpacked_bytes);
    if (!plain) {
        throw Error{Errc::corrupt, fmt::format("a gzip body of {} bytes unpacks to more than {}",
                                               response.content().size(), max_unpacked_bytes)};
    }
    response.body = *std::move(plain);
    response.remove_header("Content-Encoding");
}

}  // namespace offgrid
