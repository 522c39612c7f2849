#pragma once

#include <csignal>

namespace offgrid {

/// The signals that end a server, SIGTERM and SIGINT, taken by the one thread that waits for them.
///
/// Create it before any other thread: the constructor blocks them in this thread and in all that it
/// starts from then on. It also ignores SIGPIPE for good: a client or a log reader that goes away
/// is an error of that stream, not of the process.
class EndSignals {
public:
    EndSignals();

    /// Wait until one of them comes.
    void wait() const;

private:
    sigset_t signals_{};
};

}  // namespace offgrid
