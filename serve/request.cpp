#include "serve/request.h"

#include <algorithm>

namespace offgrid {

BytesView Response::content() const {
    return std::visit([](const auto& bytes) { return BytesView{bytes}; }, body);
}

std::string_view Response::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const Header& header) { return header.name == name; });
    return found == headers.end() ? std::string_view{} : found->value;
}

Response text_response(int status, std::string_view text) {
    Bytes body{text.begin(), text.end()};
    body.push_back('\n');
    return {.status = status,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
            .body = std::move(body)};
}

}  // namespace offgrid
