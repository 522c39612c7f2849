#include "sync/background.h"

#include <sys/resource.h>

namespace offgrid {
namespace {

/// About a tenth of the CPU beside a busy thread of the ordinary priority, 0.
constexpr int background_priority = 10;

}  // namespace

void run_in_background() noexcept {
    // On Linux the priority is one of the thread, not of its process. Whoever lies lower already
    // may not rise, which is as well; work at another priority is still done.
    ::setpriority(PRIO_PROCESS, 0, background_priority);
}

}  // namespace offgrid
