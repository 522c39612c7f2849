#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// What a client expects of what it is about to change: the fields If-Match and If-None-Match of
/// RFC 9110, section 13.1, on the SHA-256 of its content. A value.
struct Precondition {
    std::string if_match{};       ///< `"SHA256"`, a list of such, or `*`; empty: nothing expected
    std::string if_none_match{};  ///< the same; `*`: it must not be there yet

    bool is_empty() const { return if_match.empty() && if_none_match.empty(); }

    /// Throws `stale` unless the current content is as expected; nothing: there is none. `what`
    /// names it in messages. Throws `invalid_argument` for a list that is none.
    void check(const std::optional<std::string>& sha256, std::string_view what) const;
};

}  // namespace offgrid
