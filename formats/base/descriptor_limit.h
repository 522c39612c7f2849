#pragma once

namespace offgrid {

/// Raise the process's limit on open descriptors as far as it goes: connections and tile files need
/// more than the 1024 that a login shell allows. Where it cannot be raised, fewer are open at a
/// time. For main(), before other threads start.
void allow_many_descriptors();

}  // namespace offgrid
