#include "serve/server_process.h"

#include "formats/base/error.h"

#include <sys/resource.h>

namespace offgrid {

EndSignals::EndSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    if (const int failure = pthread_sigmask(SIG_BLOCK, &signals_, nullptr); failure != 0) {
        throw system_error(failure, "cannot block signals");
    }
    std::signal(SIGPIPE, SIG_IGN);
}

void EndSignals::wait() const {
    int received = 0;
    if (const int failure = sigwait(&signals_, &received); failure != 0) {
        throw system_error(failure, "cannot wait for a signal");
    }
}

void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
    }
}

}  // namespace offgrid
