#pragma once

namespace offgrid {

/// Let the calling thread, and the processes that it starts, yield to those that serve tiles: from
/// now on it gets the CPU that they leave. It stays so, also a thread of a pool that takes other
/// work up next. For threads that change the depot.
void run_in_background() noexcept;

}  // namespace offgrid
