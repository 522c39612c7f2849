#pragma once

#include <csignal>
#include <functional>

namespace offgrid {

/// The signals that end a server, SIGTERM and SIGINT, taken by the one thread that waits for them.
///
/// Create it before any other thread: the constructor blocks them in this thread and in all that it
/// starts from then on. It also ignores SIGPIPE for good: a client or a log reader that goes away
/// is an error of that stream, not of the process.
///
/// SIGUSR1, which asks a server to open its log anew, is handed on by `wait`; one that has no log
/// does not end of it.
class EndSignals {
public:
    EndSignals();

    /// Wait until one of them comes, and call `rotate`, where there is one, at each SIGUSR1.
    void wait(const std::function<void()>& rotate = {}) const;

private:
    sigset_t signals_{};
};

}  // namespace offgrid
