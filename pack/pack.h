#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/manifest.h"
#include "formats/tile/grid_ref.h"
#include "pack/options.h"
#include "pack/pyramid.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace offgrid {

/// How far a pack has come. A value.
struct PackProgress {
    std::int64_t blocks = 0;                      ///< done
    std::int64_t blocks_before = 0;               ///< of these, by a former run or a shard
    std::int64_t blocks_total = 0;                ///< about
    std::int64_t tiles = 0;                       ///< stored, those of a former run included
    std::int64_t tiles_before = 0;                ///< of these, by a former run or a shard
    std::uint64_t bytes = 0;                      ///< of what this run stored
    std::map<int, std::int64_t> tiles_of_zoom{};  ///< the same
};

/// What a pack made. A value.
struct PackResult {
    Manifest manifest{};
    std::filesystem::path package{};
    std::int64_t tiles = 0;
    std::int64_t files = 0;   ///< that hold the tiles; 0: a tileset has them
    std::uint64_t bytes = 0;  ///< of these files
    double seconds = 0;
    std::vector<std::string> notes{};  ///< what was chosen that the user may want to know
    std::vector<Damage> damage{};      ///< parts of sources that are left out
};

/// What a pack needs from its surroundings. Nothing is owned.
struct PackContext {
    FileOps& files;
    const std::atomic<bool>& is_stopped;  ///< set from anywhere: give up soon
    std::function<void(const PackProgress&)> report = [](auto&&) {
    };  ///< called often, on the calling thread
};

/// The threads that read and encode, where the options do not say it one a processor.
int threads_for(const PackOptions& options);

/// The grid of the tiles. Throws what `config::find_grid` throws.
GridRef grid_for(const PackOptions& options);

/// Make a package from rasters. It appears under its name when it is complete. The same sources and
/// options give the same bytes, whatever the number of threads, shards and former runs.
///
/// Throws the first Error, naming the source, the option or the file; `interrupted` when stopped.
/// Pyramids that are finished by then stay in the hidden folder beside the output, and the message
/// says so: the same options with `resume` go on from there.
PackResult pack(const PackOptions& command, const PackContext& context);

}  // namespace offgrid
