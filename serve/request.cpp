#include "serve/request.h"

#include <algorithm>
#include <string>

namespace offgrid {

BytesView Response::content() const {
    return std::visit([](const auto& bytes) { return BytesView{bytes}; }, body);
}

std::string_view Response::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const Header& header) { return header.name == name; });
    return found == headers.end() ? std::string_view{} : found->value;
}

void Response::remove_header(std::string_view name) {
    std::erase_if(headers, [name](const Header& header) { return header.name == name; });
}

Response document_response(int status, const char* media_type, std::string_view text) {
    return {.status = status,
            .headers = {{"Content-Type", media_type}},
            .body = Bytes{text.begin(), text.end()}};
}

Response text_response(int status, std::string_view text) {
    return document_response(status, "text/plain; charset=utf-8", std::string{text} + '\n');
}

}  // namespace offgrid
