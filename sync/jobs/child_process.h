#pragma once

#include "formats/base/unique_fd.h"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// How a program ended.
struct ChildExit {
    int code = 0;    ///< its exit code, where no signal ended it
    int signal = 0;  ///< that ended it; 0: none

    bool is_success() const { return code == 0 && signal == 0; }
};

/// A program that runs beside this one: in a process group of its own, without standard input, and
/// behind this one where the processor is short. What it prints, on either stream, is read line by
/// line.
///
/// It never outlives the thread that started it: the destructor kills its whole group and waits,
/// and where this process dies first the system kills it. Used by the thread that created it.
class ChildProcess {
public:
    /// Throws `not_found` when there is no such program, `io` when it cannot be run.
    ChildProcess(const std::filesystem::path& program, const std::vector<std::string>& arguments);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Wait for output and hand on the lines that are complete, or for the end, for at most that
    /// long. Whether it still runs.
    bool wait(std::chrono::milliseconds timeout,
              const std::function<void(std::string_view line)>& on_line);

    /// Send the signal to the whole group.
    void signal(int number);

    /// REQUIRES: `wait` has said that it runs no longer.
    ChildExit exit() const { return exit_; }

    pid_t pid() const { return pid_; }

private:
    void read(const std::function<void(std::string_view line)>& on_line);
    bool reap(int options);

    pid_t pid_ = -1;
    bool is_running_ = false;
    UniqueFd output_;
    std::string line_;  // that is not complete yet
    ChildExit exit_;
};

}  // namespace offgrid
