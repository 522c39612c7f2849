#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::test {

/// The path of a program that was built with the tests, for example `offgrid`.
std::string program(std::string_view name);

struct RunOptions {
    std::string input;                               ///< standard input
    std::filesystem::path cwd;                       ///< empty: as the test
    std::map<std::string, std::string> environment;  ///< added to the test's own
};

struct RunResult {
    int exit_code = 0;  ///< 128 + signal when a signal ended it
    std::string out;
    std::string err;
};

/// Run a program to its end. The first word is a path, or a name that PATH finds.
RunResult run(const std::vector<std::string>& command, const RunOptions& options = {});

/// A program that runs beside the test, such as a server. Killed with the object.
class Process {
public:
    explicit Process(const std::vector<std::string>& command, const RunOptions& options = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }

    /// The first line of its output (standard and error) that holds the text. Throws when the
    /// program ends first or the time is up, with all it has said.
    std::string wait_for_line(std::string_view text,
                              std::chrono::milliseconds timeout = std::chrono::seconds{20});

    /// Send the signal and wait for the end: the exit code, 128 + signal when a signal ended it.
    int stop(int signal = SIGTERM, std::chrono::milliseconds timeout = std::chrono::seconds{20});

    /// Wait for the end without a signal.
    int wait(std::chrono::milliseconds timeout = std::chrono::seconds{20});

    bool is_running();

    /// All it has said so far.
    std::string output();

private:
    pid_t pid_ = -1;
    int exit_code_ = -1;
    std::filesystem::path log_;
};

/// The number of open file descriptors and of threads of a running process.
std::size_t count_descriptors(pid_t pid);
std::size_t count_threads(pid_t pid);

/// Kilobytes of memory that a running process has now, and has had at most.
long resident_memory_kb(pid_t pid);
long peak_memory_kb(pid_t pid);

/// The part of a line that starts with `http`, up to white space: the address in `listening on
/// http://…`.
std::string url_in(std::string_view line);

}  // namespace offgrid::test
