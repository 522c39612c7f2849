#pragma once

#include "pack/options.h"

#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// What is packed, and how, as one JSON object: the form in which programs ask for a pack.
/// README.md lists its members, which are named as the words of the command line. Where the result
/// goes and how the work is done (threads, shards, resuming) is not part of it.
std::string to_json(const PackOptions& options);

/// The options that a JSON object asks for. Throws `invalid_argument` naming the member that is
/// unknown, or whose value it cannot have; whether the members go together is for `check` to say.
PackOptions parse_job(std::string_view json);

/// The names of all members, sorted.
std::vector<std::string> job_members();

}  // namespace offgrid
