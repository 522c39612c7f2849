#pragma once

#include "formats/base/error.h"

#include <gmock/gmock.h>

#include <string>

namespace offgrid::test {

/// Matches a callable that throws an Error of that code whose message matches.
inline auto throws(Errc code, const testing::Matcher<std::string>& message) {
    return testing::Throws<Error>(testing::AllOf(
        testing::Property("code", &Error::code, code),
        testing::ResultOf(
            "message", [](const Error& error) { return std::string{error.what()}; }, message)));
}

}  // namespace offgrid::test
