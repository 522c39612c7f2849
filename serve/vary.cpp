#include "serve/vary.h"

#include <algorithm>

namespace offgrid {

void add_vary(Response& response, std::string_view header) {
    const auto found = std::ranges::find_if(
        response.headers, [](const Header& each) { return std::string_view{each.name} == "Vary"; });
    if (found == response.headers.end()) {
        response.headers.push_back({"Vary", std::string{header}});
    } else if (found->value.find(header) == std::string::npos) {
        found->value.append(", ").append(header);
    }
}

}  // namespace offgrid
