#include "formats/base/descriptor_limit.h"
#include "formats/base/error.h"
#include "pack/commands/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <exception>
#include <string_view>

namespace {

using namespace offgrid;

struct Verb {
    std::string_view name;
    int (*run)(Words words, const std::atomic<bool>& is_stopped);
    std::size_t skipped = 1;  ///< words before the verb that it is not given
};

constexpr std::array verbs{
    Verb{"pack", run_pack, 0},      Verb{"estimate", run_pack, 0}, Verb{"transfer", run_transfer},
    Verb{"coverage", run_coverage}, Verb{"verify", run_verify},    Verb{"truncate", run_truncate},
    Verb{"stores", run_stores},
};

// The one global: a signal handler reaches nothing else.
std::atomic<bool> is_stopped{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// The second signal ends the process at once: a server that does not answer may hold up the first.
/// What is committed stays.
extern "C" void stop(int /*signal*/) {
    if (is_stopped.exchange(true)) {
        ::_exit(exit_interrupted);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGINT, stop);
    std::signal(SIGTERM, stop);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ,
                SIG_IGN);  // a limit on file sizes is then an error of write, as a full disk is
    allow_many_descriptors();
    const std::string_view word = argc > 1 ? argv[1] : "";
    const auto* const named = std::ranges::find(verbs, word, &Verb::name);
    const auto& verb = named == verbs.end() ? verbs.front() : *named;
    try {
        return verb.run(Words{argv, static_cast<std::size_t>(argc)}.subspan(verb.skipped),
                        is_stopped);
    } catch (const Error& error) {
        fmt::print(stderr, "offgrid-pack: {}\n", error.what());
        return exit_code_of(error.code());
    } catch (const std::exception& error) {
        fmt::print(stderr, "offgrid-pack: {}\n", error.what());
        return exit_failure;
    }
}
