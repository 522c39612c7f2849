#include "formats/http/signable.h"

#include "formats/base/text.h"

#include <algorithm>

namespace offgrid::http {

std::vector<std::pair<std::string, std::string>> canonical_headers(const HttpHeaders& headers) {
    std::vector<std::pair<std::string, std::string>> canonical;
    for (const auto& [name, value] : headers) {
        if (const auto text = trimmed(value); !text.empty()) {
            canonical.emplace_back(lower_case(name), text);
        }
    }
    std::ranges::sort(canonical);
    return canonical;
}

}  // namespace offgrid::http
