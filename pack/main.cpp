#include "formats/base/error.h"
#include "pack/command_line.h"
#include "pack/pack.h"
#include "pack/progress.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>

namespace {

using namespace offgrid;

enum ExitCode { ok = 0, failure = 1, usage = 2, interrupted = 130 };

// The one global: a signal handler reaches nothing else.
std::atomic<bool> is_stopped{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void stop(int /*signal*/) {
    is_stopped = true;
}

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

void run(const PackCommand& command) {
    ProgressDisplay display{stderr};
    struct Finish {
        ProgressDisplay& display;
        ~Finish() { display.finish(); }
    } const finish{display};
    PackContext context{.files = posix_file_ops(), .is_stopped = is_stopped};
    if (!command.is_quiet) {
        context.report = [&](const PackProgress& progress) { display.show(progress); };
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
}

int exit_code(Errc code) {
    return code == Errc::interrupted        ? interrupted
           : code == Errc::invalid_argument ? usage
                                            : failure;
}

}  // namespace

int main(int argc, char** argv) {
    const auto parsed = parse_command_line(argc, argv);
    if (const auto* const answer = std::get_if<CommandLineAnswer>(&parsed)) {
        fmt::print(answer->exit_code == ok ? stdout : stderr, "{}", answer->text);
        return answer->exit_code;
    }
    std::signal(SIGINT, stop);
    std::signal(SIGTERM, stop);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ,
                SIG_IGN);  // a limit on file sizes is then an error of write, as a full disk is
    try {
        run(std::get<PackCommand>(parsed));
        return ok;
    } catch (const Error& error) {
        fmt::print(stderr, "offgrid-pack: {}\n", error.what());
        return exit_code(error.code());
    } catch (const std::exception& error) {
        fmt::print(stderr, "offgrid-pack: {}\n", error.what());
        return failure;
    }
}
