#pragma once

#include "pack/options.h"

#include <optional>
#include <string>
#include <variant>

namespace offgrid {

/// What the command line asks for. A value.
struct PackCommand {
    PackOptions pack;
    bool is_dry_run = false;  ///< only say what it would come to
    bool is_quiet = false;    ///< no progress, no notes
    bool is_json = false;     ///< progress and result are JSON objects
};

/// What there is to print, and the code to exit with, when nothing is to be done.
struct CommandLineAnswer {
    std::string text;
    int exit_code = 0;  ///< 0: asked for, for standard output; 2: wrong use, for standard error
};

/// Read the command line of `pack`, or of `estimate`, which needs no output.
std::variant<PackCommand, CommandLineAnswer> parse_command_line(int argc, const char* const* argv);

/// Whether a box may reach across the antimeridian.
enum class Crossing { no, yes };

/// `W,S,E,N` in degrees. Across the antimeridian the west of the box is greater than its east,
/// however the text says so: `170,S,-170,N` or `170,S,190,N`. Throws `invalid_argument`.
Box parse_bbox(const std::string& text, Crossing crossing = Crossing::no);

/// `MIN-MAX`, or one zoom. Throws `invalid_argument`.
std::pair<int, int> parse_zooms(const std::string& text);

/// `FILE`, or `FILE:ZOOM`.
RegionOption parse_region(const std::string& text);

/// `I/N`, counted from 1. Throws `invalid_argument`.
Shard parse_shard(const std::string& text);

}  // namespace offgrid
