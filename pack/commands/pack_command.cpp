#include "pack/commands/command.h"
#include "pack/pack.h"
#include "pack/progress.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

namespace offgrid {
namespace {

std::string to_json(const PackResult& result) {
    nlohmann::ordered_json json;
    const auto& manifest = result.manifest;
    json["layer"] = manifest.layer;
    json["package"] = result.package.string();
    json["tiles"] = result.tiles;
    json["bytes"] = result.bytes;
    json["seconds"] = result.seconds;
    json["files"] = manifest.files.size();
    json["zooms"] = {manifest.min_zoom, manifest.max_zoom};
    json["bounds"] = {manifest.bounds.min_x, manifest.bounds.min_y, manifest.bounds.max_x,
                      manifest.bounds.max_y};
    json["format"] = manifest.format ? extension_of(*manifest.format) : "mixed";
    json["notes"] = result.notes;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_text(const PackResult& result) {
    const double megabytes = static_cast<double>(result.bytes) / 1e6;
    return fmt::format(
        "{}: {} tiles, zooms {} to {}, {} files, {:.1f} MB in {:.1f} s ({:.0f} tiles/s)\n",
        result.package.string(), result.tiles, result.manifest.min_zoom, result.manifest.max_zoom,
        result.manifest.files.size(), megabytes, result.seconds,
        static_cast<double>(result.tiles) / result.seconds);
}

ShownProgress shown(const PackProgress& progress) {
    const auto total = static_cast<double>(std::max<std::int64_t>(1, progress.blocks_total));
    return {.share = static_cast<double>(progress.blocks) / total, .tiles = progress.tiles};
}

}  // namespace

int run_pack(Words words, const std::atomic<bool>& is_stopped) {
    const auto parsed = parse_command_line(static_cast<int>(words.size()), words.data());
    if (const auto* const answer = std::get_if<CommandLineAnswer>(&parsed)) {
        return print(*answer);
    }
    const auto& command = std::get<PackCommand>(parsed);
    ProgressDisplay display{stderr};
    PackContext context{.files = posix_file_ops(), .is_stopped = is_stopped};
    if (!command.is_quiet) {
        context.report = [&](const PackProgress& progress) { display.show(shown(progress)); };
    }
    const auto result = pack(command.pack, context);
    display.finish();
    if (!command.is_quiet) {
        for (const auto& note : result.notes) {
            fmt::print(stderr, "note: {}\n", note);
        }
    }
    if (command.is_json) {
        fmt::print("{}", to_json(result));
    } else if (!command.is_quiet) {
        fmt::print("{}", to_text(result));
    }
    return exit_ok;
}

}  // namespace offgrid
