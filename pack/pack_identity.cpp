#include "pack/pack_identity.h"

#include "pack/job.h"
#include "pack/source_words.h"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

/// What shows that a source is no longer the same: the file behind it. A folder of tiles and what
/// is no file of this machine are known by their name only.
std::string stamp_of(const std::string& named) {
    const auto source = absolute_name(named);
    std::error_code failure;
    const auto file = file_behind(source);
    const auto bytes = fs::file_size(file, failure);
    if (failure) {
        return source + '\n';
    }
    const auto changed = fs::last_write_time(file, failure).time_since_epoch().count();
    return fmt::format("{}\t{}\t{}\n", source, bytes, static_cast<std::int64_t>(changed));
}

}  // namespace

PackIdentity identity_of(const PackOptions& options) {
    auto what = options;
    what.online = {};  // how servers are asked changes nothing of what is made
    PackIdentity identity{.job = to_json(what)};
    for (const auto& source : options.sources) {
        identity.sources += stamp_of(source);
    }
    for (const auto& region : options.regions) {
        identity.sources += stamp_of(region.file);
    }
    if (!options.grid.empty()) {
        identity.sources += stamp_of(options.grid.substr(0, options.grid.find('#')));
    }
    return identity;
}

}  // namespace offgrid
