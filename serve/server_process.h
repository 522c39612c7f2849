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

/// Raise the limit on open descriptors as far as it goes: connections and tile files need more than
/// the 1024 that a login shell allows. Where it cannot be raised, fewer clients are served.
void allow_many_descriptors();

}  // namespace offgrid
