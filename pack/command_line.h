#pragma once

#include "pack/options.h"

#include <optional>
#include <string>
#include <variant>

namespace offgrid {

/// What the command line asks for. A value.
struct PackCommand {
    PackOptions pack;
    bool is_quiet = false;  ///< no progress, no notes
    bool is_json = false;   ///< one JSON object on standard output at the end
};

/// What there is to print, and the code to exit with, when nothing is to be done.
struct CommandLineAnswer {
    std::string text;
    int exit_code = 0;  ///< 0: asked for, for standard output; 2: wrong use, for standard error
};

/// Read the command line.
std::variant<PackCommand, CommandLineAnswer> parse_command_line(int argc, const char* const* argv);

/// `W,S,E,N` in degrees. Throws `invalid_argument`.
Box parse_bbox(const std::string& text);

/// `MIN-MAX`, or one zoom. Throws `invalid_argument`.
std::pair<int, int> parse_zooms(const std::string& text);

}  // namespace offgrid
