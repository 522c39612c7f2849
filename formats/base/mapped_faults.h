#pragma once

#include <csignal>

namespace offgrid {

/// Keeps the process alive when bytes of a mapped file cannot be had: the file became shorter, or
/// its disk fails or went away, which the system tells by SIGBUS (POSIX.1-2017, mmap).
///
/// While an object lives, such bytes read as zeros to a thread that is inside a MappedRead of them;
/// that thread learns of it from its MappedRead. Any other SIGBUS goes to whoever handled it
/// before. One object a process, made in main() before other threads, and outliving them.
class MappedFaults {
public:
    /// Throws `io` when the signal cannot be handled.
    MappedFaults();
    ~MappedFaults();
    MappedFaults(const MappedFaults&) = delete;
    MappedFaults& operator=(const MappedFaults&) = delete;

    /// Whether there is an object now: without one, files are better not mapped.
    static bool are_handled() noexcept;
};

}  // namespace offgrid
