#pragma once

#include "formats/base/error.h"

#include <string>

namespace offgrid {

/// Raise the process's limit on open descriptors as far as it goes: connections and tile files need
/// more than the 1024 that a login shell allows. Where it cannot be raised, fewer are open at a
/// time. For main(), before other threads start.
void allow_many_descriptors();

/// Nothing could be opened because the process, or the system, has no descriptor left: `busy`.
class OutOfDescriptors final : public Error {
public:
    explicit OutOfDescriptors(const std::string& message) : Error{Errc::busy, message} {}
};

/// Whether that is what the `errno` says.
bool is_out_of_descriptors(int error_number);

}  // namespace offgrid
