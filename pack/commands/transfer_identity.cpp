#include "pack/commands/transfer_identity.h"

#include "formats/base/hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <system_error>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
    return fs::is_regular_file(file) ? sha256_hex_of_file(file) : file.string();
}

/// Hashed: a path need not be UTF-8.
std::string hash_of(const std::string& text) {
    return sha256_hex(as_bytes(text)).substr(0, 32);
}

std::string box_text(const std::optional<Box>& box) {
    return box ? fmt::format("{},{},{},{}", box->min_x, box->min_y, box->max_x, box->max_y) : "";
}

/// What the command line says.
TransferIdentity asked(const TransferCommand& command) {
    const auto& selection = command.selection;
    std::vector<std::string> dimensions;
    for (const auto& [name, value] : selection.dimensions) {
        dimensions.push_back(fmt::format("{}={}", name, value));
    }
    return {{"SRC", hash_of(absolute_location(command.source))},
            {"DST", hash_of(absolute_location(command.destination))},
            {"--grid", hash_of(selection.grid)},
            {"--zoom", fmt::format("{}", fmt::join(selection.zooms, ","))},
            {"--bbox", box_text(selection.bbox)},
            {"--region", hash_of(content_of(selection.region))},
            {"--retry-failed", hash_of(content_of(command.retry_failed))},
            {"--dim", hash_of(fmt::format("{}", fmt::join(dimensions, "\n")))},
            {"--missing", command.is_missing_only ? "yes" : "no"},
            {"--reencode",
             command.reencode
                 ? fmt::format("{} {}", static_cast<int>(*command.reencode), command.quality)
                 : "no"}};
}

}  // namespace

std::string absolute_location(const std::string& location) {
    if (location.find("://") != std::string::npos) {
        return location;
    }
    if (const auto config = config_file_of(location)) {
        return fs::weakly_canonical(fs::absolute(*config)).string() +
               location.substr(config->string().size());
    }
    return fs::weakly_canonical(fs::absolute(location)).string();
}

TransferIdentity identity_of(const TransferCommand& command) {
    auto identity = asked(command);
    for (const auto& [side, location] :
         {std::pair{"SRC", &command.source}, {"DST", &command.destination}}) {
        if (const auto config = config_file_of(*location)) {
            identity[fmt::format("configuration of {}", side)] = content_of(*config);
        }
    }
    std::error_code failure;
    if (!config_file_of(command.source) && fs::is_regular_file(command.source, failure)) {
        identity["file of SRC"] =
            fmt::format("{} bytes of {}", fs::file_size(command.source),
                        fs::last_write_time(command.source).time_since_epoch().count());
    }
    return identity;
}

fs::path default_journal(const TransferCommand& command) {
    std::string text;
    for (const auto& [part, value] : asked(command)) {
        text += fmt::format("{}: {}\n", part, value);
    }
    return journal_folder() / (hash_of(text) + ".journal");
}

}  // namespace offgrid
