#include "serve/server_process.h"

#include "formats/base/error.h"

namespace offgrid {

EndSignals::EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGUSR1);
    if (const int failure = pthread_sigmask(SIG_BLOCK, &signals_, nullptr); failure != 0) {
        throw system_error(failure, "cannot block signals");
    }
    std::signal(SIGPIPE, SIG_IGN);
}

void EndSignals::wait(const std::function<void()>& rotate) const {
    int received = SIGUSR1;
    while (received == SIGUSR1) {
        if (const int failure = sigwait(&signals_, &received); failure != 0) {
            throw system_error(failure, "cannot wait for a signal");
        }
        if (received == SIGUSR1 && rotate) {
            rotate();
        }
    }
}

}  // namespace offgrid
