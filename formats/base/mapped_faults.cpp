#include "formats/base/mapped_faults.h"

#include "formats/base/error.h"
#include "formats/base/mapped_read.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdint>

namespace offgrid {
namespace {

// A handler of a signal reaches nothing but globals. What is not atomic is set before the handler
// is, and stays.
constinit std::atomic<bool> is_installed = false;
std::uintptr_t page_bytes = 0;
struct sigaction handled_before {};

/// Put zeros where the page was, of memory that belongs to nobody else. Uses only what a handler
/// may: mmap is one system call on Linux.
bool put_zeros_at(std::uintptr_t address) noexcept {
    void* const page = reinterpret_cast<void*>(address - address % page_bytes);
    return mmap(page, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
           MAP_FAILED;
}

void pass_on(int signal, siginfo_t* info, void* context) noexcept {
    if ((handled_before.sa_flags & SA_SIGINFO) != 0) {
        handled_before.sa_sigaction(signal, info, context);
    } else if (handled_before.sa_handler != SIG_DFL && handled_before.sa_handler != SIG_IGN) {
        handled_before.sa_handler(signal);
    } else {  // ends the process when this handler returns; a fault cannot be ignored
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
    const int saved_errno = errno;
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    // BUS_ADRERR alone is a page that the file does not give; others are bad memory, or sent.
    const bool is_ours = info->si_code == BUS_ADRERR && MappedRead::note_failure(address);
    if (!is_ours || !put_zeros_at(address)) {
        pass_on(signal, info, context);
    }
    errno = saved_errno;
}

}  // namespace

MappedFaults::MappedFaults() {
    assert(!is_installed);
    page_bytes = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = &on_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, nullptr, &handled_before) != 0 ||
        sigaction(SIGBUS, &action, nullptr) != 0) {
        throw system_error(errno, "cannot handle SIGBUS");
    }
    is_installed = true;
}

MappedFaults::~MappedFaults() {
    is_installed = false;
    sigaction(SIGBUS, &handled_before, nullptr);
}

bool MappedFaults::are_handled() noexcept {
    return is_installed;
}

}  // namespace offgrid
