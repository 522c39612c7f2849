#include "formats/http/refusal.h"

#include "formats/base/text.h"
#include "formats/http/headers.h"
#include "formats/http/text.h"

#include <algorithm>
#include <array>

namespace offgrid::http {
namespace {

Errc code_of(int status) {
    switch (status) {
        case 401:
        case 403:
            return Errc::denied;
        case 413:
            return Errc::too_large;
        case 408:
        case 429:
        case 503:
        case 504:
            return Errc::busy;
        case 507:
            return Errc::no_space;
    }
    return Errc::io;
}

bool is_text(std::string_view media_type) {
    constexpr std::array<std::string_view, 4> kinds{"text/", "json", "xml", "urlencoded"};
    return media_type.empty() || std::ranges::any_of(kinds, [&](std::string_view kind) {
               return media_type.find(kind) != std::string_view::npos;
           });
}

}  // namespace

Error refusal(const Answer& answer) {
    const bool says_why = is_text(lower_case(find_header(answer.headers, "Content-Type")));
    return refusal(answer, says_why ? excerpt(as_text(answer.body)) : std::string{});
}

Error refusal(const Answer& answer, std::string_view text) {
    return Error{code_of(answer.status),
                 fmt::format("answered {}{}{}", answer.status, text.empty() ? "" : ": ", text)};
}

}  // namespace offgrid::http
