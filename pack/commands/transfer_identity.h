#pragma once

#include "pack/commands/transfer_options.h"
#include "pack/transfer/journal.h"

#include <filesystem>
#include <string>

namespace offgrid {

/// A location that depends neither on the working folder nor on links, as far as it can be told.
std::string absolute_location(const std::string& location);

/// What makes the command's transfer that one: its stores, tiles and way of copying, what its
/// configurations say, and a source in one file as it is now.
TransferIdentity identity_of(const TransferCommand& command);

/// The journal of a command that names none: the same for the same stores, tiles and way of
/// copying.
std::filesystem::path default_journal(const TransferCommand& command);

}  // namespace offgrid
