#include "sync/refusal_line.h"

#include "serve/url.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

constexpr std::size_t max_method_bytes = 16;
constexpr std::size_t max_path_bytes = 200;
constexpr std::size_t max_name_bytes = 64;

constexpr std::string_view cut_mark = "...";

/// Without spaces, too: no part of the line can look like another.
std::string printable(std::string_view text, std::size_t max_bytes) {
    std::string shown{text.substr(0, max_bytes)};
    std::ranges::replace_if(
        shown, [](char c) { return c <= ' ' || c > '~'; }, '?');
    return text.size() > max_bytes ? shown.append(cut_mark) : shown;
}

/// A whole address instead of a path may hold a password, and none is served here.
std::string shown_path(std::string_view target) {
    const auto path = target.substr(0, target.find('?'));
    return path.starts_with('/') ? printable(path, max_path_bytes) : "(no path)";
}

std::string shown_name(std::string_view name) {
    if (name.empty()) {
        return "(no name)";  // which no name looks like: it would be encoded
    }
    auto shown = percent_encoded(name.substr(0, max_name_bytes));
    return name.size() > max_name_bytes ? shown.append(cut_mark) : shown;
}

}  // namespace

std::string refusal_line(const RefusedRequest& request, int status, std::string_view reason) {
    return fmt::format("{} {} by {} from {} refused ({}): {}",
                       printable(request.method, max_method_bytes), shown_path(request.target),
                       shown_name(request.user), request.address, status, reason);
}

}  // namespace offgrid
