#include "sync/jobs/child_process.h"

#include "formats/base/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace offgrid {
namespace {

/// A line without end is handed on in pieces.
constexpr std::size_t max_line_bytes = 64 << 10;

/// Serving goes first.
constexpr int niceness = 10;

constexpr int cannot_run = 127;  // as a shell says it

/// Where the child keeps the pipe that tells why it cannot become the program.
constexpr int first_free = STDERR_FILENO + 1;

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

/// Above the descriptors that the child puts in its own order: where this process has closed a
/// standard stream, a pipe may get its number.
UniqueFd moved_up(UniqueFd low) {
    UniqueFd high{::fcntl(low.get(), F_DUPFD_CLOEXEC, first_free + 1)};
    if (!high.is_open()) {
        throw system_error(errno, "cannot make a pipe");
    }
    return high;
}

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw system_error(errno, "cannot make a pipe");
    }
    UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    return {moved_up(std::move(read_end)), moved_up(std::move(write_end))};
}

/// Become the program. In the child of a process with threads, so only what is safe in a signal
/// handler may be called.
[[noreturn]] void become(const char* program, char* const* arguments, pid_t parent, int output,
                         int failure) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(cannot_run);  // it died before that was asked for
    }
    // A server blocks and ignores signals that a program needs to end by.
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none{};
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setpriority(PRIO_PROCESS, 0, niceness);
    const int input = ::open("/dev/null", O_RDONLY);
    const bool is_ready =
        input >= 0 && ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
        ::dup2(output, STDERR_FILENO) >= 0 && ::dup3(failure, first_free, O_CLOEXEC) >= 0;
    if (is_ready) {
        failure = first_free;                   // closes with the program's start
        ::close_range(first_free + 1, ~0U, 0);  // sockets of the servers among them
        ::execv(program, arguments);
    }
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(failure, &error, sizeof error);
    ::_exit(cannot_run);
}

/// Why the program could not be started; 0 when it could.
int failure_of_start(int read_end) {
    int error = 0;
    ssize_t size = 0;
    do {
        size = ::read(read_end, &error, sizeof error);
    } while (size < 0 && errno == EINTR);
    return size == sizeof error ? error : 0;
}

}  // namespace

ChildProcess::ChildProcess(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments) {
    auto words = arguments;
    words.insert(words.begin(), program.filename().string());
    std::vector<char*> pointers;
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);

    auto output = make_pipe();
    auto failure = make_pipe();
    const auto parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) {
        throw system_error(errno, fmt::format("cannot run {}", program.string()));
    }
    if (pid_ == 0) {
        become(program.c_str(), pointers.data(), parent, output.write_end.get(),
               failure.write_end.get());
    }
    ::setpgid(pid_, pid_);  // whichever of the two comes first
    is_running_ = true;
    output_ = std::move(output.read_end);
    failure.write_end = UniqueFd{};
    if (const int error = failure_of_start(failure.read_end.get()); error != 0) {
        reap(0);
        throw system_error(error, fmt::format("cannot run {}", program.string()));
    }
    ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
    if (is_running_) {
        signal(SIGKILL);
        reap(0);
    }
}

bool ChildProcess::wait(std::chrono::milliseconds timeout,
                        const std::function<void(std::string_view line)>& on_line) {
    if (!is_running_) {
        return false;
    }
    if (output_.is_open()) {
        pollfd waiting{.fd = output_.get(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, static_cast<int>(timeout.count()));
    } else {
        ::poll(nullptr, 0, static_cast<int>(timeout.count()));
    }
    const bool has_ended = reap(WNOHANG);
    read(on_line);
    if (has_ended && !line_.empty()) {
        on_line(std::exchange(line_, {}));
    }
    return !has_ended;
}

void ChildProcess::signal(int number) {
    if (is_running_) {
        ::kill(-pid_, number);
    }
}

void ChildProcess::read(const std::function<void(std::string_view line)>& on_line) {
    std::array<char, 4096> piece{};
    while (output_.is_open()) {
        const auto size = ::read(output_.get(), piece.data(), piece.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 && errno == EAGAIN) {
            return;
        }
        if (size <= 0) {
            output_ = UniqueFd{};
            return;
        }
        for (const char c : std::string_view{piece.data(), static_cast<std::size_t>(size)}) {
            if (c != '\n' && line_.size() < max_line_bytes) {
                line_.push_back(c);
            } else {
                on_line(std::exchange(line_, {}));
            }
        }
    }
}

/// Take note of the end. Whether it has ended; false with WNOHANG while it runs.
bool ChildProcess::reap(int options) {
    siginfo_t info{};
    int failure = 0;
    do {
        failure = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | options);
    } while (failure != 0 && errno == EINTR);
    if (failure == 0 && info.si_pid == 0) {
        return false;
    }
    // What it has started itself and left behind, while its own number still holds the group's.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    is_running_ = false;
    exit_ = WIFSIGNALED(status) ? ChildExit{.code = 0, .signal = WTERMSIG(status)}
                                : ChildExit{.code = WEXITSTATUS(status), .signal = 0};
    return true;
}

}  // namespace offgrid
