#pragma once

#include "formats/base/error.h"

#include <string>

namespace offgrid::tiff {

/// Run the work; what it throws gets the name of the cache in front.
template <typename Work>
decltype(auto) in_cache(const std::string& name, const Work& work) {
    try {
        return work();
    } catch (const Error& error) {
        rethrow_with(error, "cache '{}'", name);
    }
}

}  // namespace offgrid::tiff
