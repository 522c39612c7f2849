#include "tests/support/process.h"

#include "formats/base/unique_fd.h"
#include "tests/support/temp_folder.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string>& command, const RunOptions& options) {
    for (const auto& [name, value] : options.environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    if (!options.cwd.empty() && ::chdir(options.cwd.c_str()) != 0) {
        ::_exit(126);
    }
    std::vector<char*> arguments;
    for (const auto& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

/// Start the program with its three streams on files, so that no pipe can fill up.
pid_t start(const std::vector<std::string>& command, const RunOptions& options, const fs::path& in,
            const fs::path& out, const fs::path& err) {
    write_file(in, options.input);
    const UniqueFd in_fd{::open(in.c_str(), O_RDONLY | O_CLOEXEC)};
    const UniqueFd out_fd{::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    const UniqueFd err_fd{::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    const auto pid = ::fork();
    if (pid == 0) {
        ::dup2(in_fd.get(), STDIN_FILENO);
        ::dup2(out_fd.get(), STDOUT_FILENO);
        ::dup2(err_fd.get(), STDERR_FILENO);
        become(command, options);
    }
    if (pid < 0) {
        throw std::runtime_error{std::string{"cannot fork: "} + std::strerror(errno)};
    }
    return pid;
}

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

fs::path new_log() {
    auto name = (fs::temp_directory_path() / "offgrid-log-XXXXXX").string();
    const UniqueFd fd{::mkstemp(name.data())};
    return name;
}

std::size_t count_entries(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

/// The number behind that word in /proc/PID/status.
long status_number(pid_t pid, std::string_view name) {
    std::ifstream status{fs::path{"/proc"} / std::to_string(pid) / "status"};
    for (std::string word; status >> word;) {
        long number = 0;
        if (word == name && status >> number) {
            return number;
        }
    }
    throw std::runtime_error{"no " + std::string{name} + " of process " + std::to_string(pid)};
}

}  // namespace

std::string program(std::string_view name) {
    return std::string{OFFGRID_BIN_DIR} + "/" + std::string{name};
}

RunResult run(const std::vector<std::string>& command, const RunOptions& options) {
    const TempFolder streams;
    const auto pid = start(command, options, streams / "in", streams / "out", streams / "err");
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return {exit_code_of(status), read_text(streams / "out"), read_text(streams / "err")};
}

Process::Process(const std::vector<std::string>& command, const RunOptions& options)
    : log_{new_log()} {
    auto in = log_;
    in += ".in";
    pid_ = start(command, options, in, log_, log_);
    fs::remove(in);
}

Process::~Process() {
    if (is_running()) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove(log_, ignored);
}

std::string Process::wait_for_line(std::string_view text, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    for (;;) {
        const bool may_say_more = is_running();
        const auto said = output();
        for (std::size_t begin = 0; begin < said.size();) {
            const auto end = said.find('\n', begin);
            if (end == std::string::npos) {
                break;
            }
            const auto line = said.substr(begin, end - begin);
            if (line.find(text) != std::string::npos) {
                return line;
            }
            begin = end + 1;
        }
        if (!may_say_more || Clock::now() > deadline) {
            throw std::runtime_error{"no line with '" + std::string{text} + "' in: " + said};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

int Process::stop(int signal, std::chrono::milliseconds timeout) {
    if (is_running()) {
        ::kill(pid_, signal);
    }
    return wait(timeout);
}

int Process::wait(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (is_running()) {
        if (Clock::now() > deadline) {
            throw std::runtime_error{"the program does not end; it said: " + output()};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return exit_code_;
}

bool Process::is_running() {
    if (exit_code_ >= 0) {
        return false;
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        exit_code_ = exit_code_of(status);
        return false;
    }
    return true;
}

std::string Process::output() {
    return read_text(log_);
}

std::size_t count_descriptors(pid_t pid) {
    return count_entries(fs::path{"/proc"} / std::to_string(pid) / "fd");
}

std::size_t count_threads(pid_t pid) {
    return count_entries(fs::path{"/proc"} / std::to_string(pid) / "task");
}

long resident_memory_kb(pid_t pid) {
    return status_number(pid, "VmRSS:");
}

long peak_memory_kb(pid_t pid) {
    return status_number(pid, "VmHWM:");
}

std::string url_in(std::string_view line) {
    const auto begin = line.find("http");
    if (begin == std::string_view::npos) {
        throw std::runtime_error{"no address in: " + std::string{line}};
    }
    const auto rest = line.substr(begin);
    return std::string{rest.substr(0, rest.find_first_of(" \t\n"))};
}

}  // namespace offgrid::test
