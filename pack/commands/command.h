#pragma once

#include "formats/base/error.h"
#include "pack/command_line.h"

#include <CLI/CLI.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace offgrid {

/// What the programs end with.
enum ExitCode {
    exit_ok = 0,
    exit_failure = 1,
    exit_usage = 2,
    exit_incomplete = 3,  ///< the work is done, and some tiles failed or are wrong
    exit_interrupted = 130,
};

/// The code for the error that ended a verb: a wrong request, or something named that is not there,
/// is wrong use.
ExitCode exit_code_of(Errc code);

/// The words of a command line from the verb on.
using Words = std::span<const char* const>;

// The verbs of offgrid-pack. Each reads its words, does its work and gives the exit code; prints
// results on standard output, all else on standard error. Throws the Error that ends it.

int run_pack(Words words, const std::atomic<bool>& is_stopped);
int run_transfer(Words words, const std::atomic<bool>& is_stopped);
int run_coverage(Words words, const std::atomic<bool>& is_stopped);
int run_verify(Words words, const std::atomic<bool>& is_stopped);
int run_truncate(Words words, const std::atomic<bool>& is_stopped);
int run_stores(Words words, const std::atomic<bool>& is_stopped);

/// The message with the name of what it is about in front, unless it says it itself.
std::string with_name(std::string_view name, std::string_view message);

/// Parse the words of one verb; `read` then takes what CLI11 does not check, and may throw an
/// Error. Gives what is to be printed instead of any work, or nothing.
std::optional<CommandLineAnswer> parse_words(CLI::App& app, Words words,
                                             const std::function<void()>& read);

/// Print the answer where it belongs; gives its exit code.
int print(const CommandLineAnswer& answer);

}  // namespace offgrid
