#pragma once

#include "formats/base/error.h"

#include <string_view>
#include <utility>

namespace offgrid {

/// Run the work of a store. An Error of it gets the name of the cache in front; nothing where that
/// is empty.
template <typename Work>
decltype(auto) in_cache(std::string_view cache, const Work& work) {
    try {
        return work();
    } catch (const Error& error) {
        if (cache.empty()) {
            throw;
        }
        rethrow_with(error, "cache '{}'", cache);
    }
}

/// As `in_cache`, for work that calls a visitor, which it gets as its argument. What the visitor
/// throws is no failure of the cache and passes as it is.
template <typename Visit, typename Walk>
void walk_in_cache(std::string_view cache, const Visit& visit, const Walk& walk) {
    bool is_visiting = false;
    try {
        walk([&](const auto&... arguments) {
            is_visiting = true;
            visit(arguments...);
            is_visiting = false;
        });
    } catch (const Error& error) {
        if (is_visiting || cache.empty()) {
            throw;
        }
        rethrow_with(error, "cache '{}'", cache);
    }
}

}  // namespace offgrid
