#include "sync/precondition.h"

#include "formats/base/error.h"
#include "formats/base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

/// One entry of a list: `"SHA256"`, or without its quotes, as people type it.
std::string_view unquoted(std::string_view entry) {
    const bool is_quoted = entry.size() >= 2 && entry.front() == '"' && entry.back() == '"';
    const auto tag = is_quoted ? entry.substr(1, entry.size() - 2) : entry;
    if (tag.empty() || tag.find_first_of("\"/ ") != std::string_view::npos) {
        throw Error{Errc::invalid_argument,
                    "If-Match and If-None-Match take a SHA-256 in quotes, or several, or *"};
    }
    return tag;
}

/// Whether the list names the current content.
bool names(std::string_view list, const std::optional<std::string>& sha256) {
    if (trimmed(list) == "*") {
        return sha256.has_value();
    }
    bool is_named = false;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const auto tag = unquoted(trimmed(list.substr(0, comma)));
        is_named = is_named || (sha256 && equals_ignoring_case(tag, *sha256));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return is_named;
}

}  // namespace

void Precondition::check(const std::optional<std::string>& sha256, std::string_view what) const {
    const bool is_expected = (if_match.empty() || names(if_match, sha256)) &&
                             (if_none_match.empty() || !names(if_none_match, sha256));
    if (!is_expected) {
        throw Error{Errc::stale, sha256 ? fmt::format("{} has SHA-256 {} now", what, *sha256)
                                        : fmt::format("{} is not there", what)};
    }
}

}  // namespace offgrid
