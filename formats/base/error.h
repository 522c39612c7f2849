#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace offgrid {

/// What went wrong, told apart by what the caller does next.
enum class Errc {
    invalid_argument,  ///< the request itself is wrong: correct it
    not_found,         ///< the named thing does not exist: name another
    already_exists,    ///< the name is taken: choose another or ask to overwrite
    denied,            ///< this caller may not: ask someone who may
    corrupt,           ///< the content is not what it claims to be: fetch it again
    unsupported,       ///< valid, but nothing here can read it: convert it
    too_large,         ///< beyond a configured limit: split it or raise the limit
    stale,             ///< the state is not the one that the caller expected: look again
    busy,              ///< a bounded resource is taken: retry later
    no_space,          ///< the disk is full: make room
    interrupted,       ///< someone asked to stop: stop
    io,                ///< the system failed underneath: report
};

/// The name of the code as it is printed in reports, for example `not_found`.
std::string_view name_of(Errc code);

/// A failure. The message names the thing and the cause: `cannot open a.mbtiles: file is not a
/// database`. What is merely absent is not an error but a value.
class Error : public std::runtime_error {
public:
    Error(Errc code, const std::string& message) : std::runtime_error{message}, code_{code} {}

    Errc code() const noexcept { return code_; }

private:
    Errc code_;
};

/// Throw the error again with what the caller knows in front: `context: message`. Keeps the code.
template <typename... Args>
[[noreturn]] void rethrow_with(const Error& error, fmt::format_string<Args...> context,
                               Args&&... args) {
    throw Error{
        error.code(),
        fmt::format("{}: {}", fmt::format(context, std::forward<Args>(args)...), error.what())};
}

/// The error for a failed system call: `action: text of errno`. A full disk becomes `no_space`.
Error system_error(int error_number, std::string_view action);

}  // namespace offgrid
