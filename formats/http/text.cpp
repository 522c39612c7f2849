#include "formats/http/text.h"

#include "formats/base/text.h"

namespace offgrid::http {
namespace {

constexpr std::size_t excerpt_characters = 200;

}  // namespace

std::string excerpt(std::string_view text) {
    std::string shown;
    for (const char c : trimmed(text)) {
        if (shown.size() == excerpt_characters) {
            break;
        }
        const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!is_space) {
            shown += c > ' ' && c <= '~' ? c : '?';
        } else if (!shown.ends_with(' ')) {
            shown += ' ';
        }
    }
    return shown;
}

}  // namespace offgrid::http
