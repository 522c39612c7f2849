#pragma once

#include "formats/image/encode.h"
#include "pack/commands/command.h"
#include "pack/commands/selection_options.h"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace offgrid {

/// What `offgrid transfer` is asked for. A value.
struct TransferCommand {
    std::string source{};
    std::string destination{};
    SelectionRequest selection{};
    std::optional<Encoding> reencode{};
    int quality = 75;  ///< of JPEG and WebP
    bool is_missing_only = false;
    int threads = 0;                       ///< 0: as the stores are best served
    double tiles_per_second = 0;           ///< 0: no limit
    std::filesystem::path retry_failed{};  ///< log of a former run; empty: none
    std::filesystem::path failed_log{};    ///< empty: beside the journal
    std::filesystem::path journal{};       ///< empty: in the journals' folder
    bool restarts = false;                 ///< what a former run has done counts for nothing
    bool is_dry_run = false;
    bool is_json = false;
    bool is_quiet = false;
    bool has_json_progress = false;
};

/// Read the words of the verb.
std::variant<TransferCommand, CommandLineAnswer> parse_transfer(Words words);

}  // namespace offgrid
