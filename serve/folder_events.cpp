#include "serve/folder_events.h"

#include "formats/base/error.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <set>
#include <utility>

namespace offgrid {

FolderEvents::FolderEvents()
    : events_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)},
      stopping_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
    if (!stopping_.is_open()) {
        throw system_error(errno, "cannot make an event descriptor");
    }
}

bool FolderEvents::watch(const std::vector<std::filesystem::path>& folders) {
    bool is_watching = events_.is_open();
    auto before = std::exchange(watches_, {});
    std::set<int> used;
    for (const auto& folder : folders) {
        // Watching a folder again changes nothing; another folder of the same name is a new watch.
        const int now =
            ::inotify_add_watch(events_.get(), folder.c_str(),
                                IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                    IN_CLOSE_WRITE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR);
        is_watching = is_watching && now >= 0;
        if (now >= 0) {
            watches_.emplace(folder, now);
            used.insert(now);
        }
    }
    for (const auto& [folder, watch] : before) {
        if (!used.contains(watch)) {
            ::inotify_rm_watch(events_.get(), watch);  // fails where the folder is gone
        }
    }
    return is_watching;
}

FolderEvents::Woken FolderEvents::wait(std::chrono::milliseconds timeout,
                                       const std::stop_token& stop) {
    const std::stop_callback wake{stop, [this] { ::eventfd_write(stopping_.get(), 1); }};
    std::array<pollfd, 2> sources{{{.fd = stopping_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = events_.get(), .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(timeout.count()));
    if (ready <= 0) {  // time is up, or a signal came
        return stop.stop_requested() ? Woken::by_stop : Woken::by_time;
    }
    if (sources[0].revents != 0) {
        return Woken::by_stop;
    }
    forget_events();
    return Woken::by_event;
}

FolderEvents::Woken FolderEvents::pause(std::chrono::milliseconds timeout,
                                        const std::stop_token& stop) {
    const std::stop_callback wake{stop, [this] { ::eventfd_write(stopping_.get(), 1); }};
    pollfd source{.fd = stopping_.get(), .events = POLLIN, .revents = 0};
    ::poll(&source, 1, static_cast<int>(timeout.count()));
    return stop.stop_requested() ? Woken::by_stop : Woken::by_time;
}

void FolderEvents::forget_events() const {
    std::array<std::byte, 4096> ignored{};
    while (::read(events_.get(), ignored.data(), ignored.size()) > 0) {
    }
}

}  // namespace offgrid
