#include "pack/commands/command.h"
#include "pack/estimate.h"
#include "pack/pack.h"
#include "pack/progress.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace offgrid {
namespace {

std::string to_json(const PackResult& result) {
    nlohmann::ordered_json json;
    const auto& manifest = result.manifest;
    json["layer"] = manifest.layer;
    json["package"] = result.package.string();
    json["tiles"] = result.tiles;
    if (result.files > 0) {
        json["bytes"] = result.bytes;
        json["files"] = result.files;
    }
    json["seconds"] = result.seconds;
    json["zooms"] = {manifest.min_zoom, manifest.max_zoom};
    json["bounds"] = {manifest.bounds.min_x, manifest.bounds.min_y, manifest.bounds.max_x,
                      manifest.bounds.max_y};
    json["format"] = manifest.format ? extension_of(*manifest.format) : "mixed";
    json["notes"] = result.notes;
    json["damage"] = nlohmann::ordered_json::array();
    for (const auto& damage : result.damage) {
        json["damage"].push_back({{"source", damage.source}, {"cause", damage.cause}});
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_text(const PackResult& result) {
    const auto files = result.files == 0 ? ""
                                         : fmt::format(", {} {}, {:.1f} MB", result.files,
                                                       result.files == 1 ? "file" : "files",
                                                       static_cast<double>(result.bytes) / 1e6);
    return fmt::format("{}: {} tiles, zooms {} to {}{} in {:.1f} s ({:.0f} tiles/s)\n",
                       result.package.string(), result.tiles, result.manifest.min_zoom,
                       result.manifest.max_zoom, files, result.seconds,
                       static_cast<double>(result.tiles) / result.seconds);
}

void print_damage(const std::vector<Damage>& all, OnDamage on_damage) {
    if (on_damage == OnDamage::report) {
        for (const auto& damage : all) {
            fmt::print(stderr, "damaged: {}\n", damage.cause);
        }
    }
    fmt::print(stderr, "{} {} of the sources could not be read and {} left out\n", all.size(),
               all.size() == 1 ? "part" : "parts", all.size() == 1 ? "is" : "are");
}

void print_for_people(const PackResult& result, const PackCommand& command) {
    if (!command.is_quiet) {
        for (const auto& note : result.notes) {
            fmt::print(stderr, "note: {}\n", note);
        }
    }
    if (!result.damage.empty()) {
        print_damage(result.damage, command.pack.on_damage);
    }
    if (!command.is_quiet) {
        fmt::print("{}", to_text(result));
    }
}

/// What people and programs are shown.
ShownProgress shown(const PackProgress& progress) {
    const auto total = static_cast<double>(std::max<std::int64_t>(1, progress.blocks_total));
    return {.share = std::min(1.0, static_cast<double>(progress.blocks) / total),
            .share_before = std::min(1.0, static_cast<double>(progress.blocks_before) / total),
            .tiles = progress.tiles - progress.tiles_before,
            .detail = fmt::format("{:.1f} MB", static_cast<double>(progress.bytes) / 1e6)};
}

std::string to_json(const PackEstimate& estimate) {
    const auto total = estimate.total();
    nlohmann::ordered_json json{{"layer", estimate.layer},
                                {"tiles", total.tiles},
                                {"bytes", total.bytes},
                                {"seconds", estimate.seconds}};
    for (const auto& zoom : estimate.zooms) {
        json["zooms"].push_back(
            {{"zoom", zoom.zoom}, {"tiles", zoom.tiles}, {"bytes", zoom.bytes}});
    }
    json["blocks"] = estimate.blocks;
    json["sampled"] = estimate.sampled;
    json["notes"] = estimate.notes;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_text(const PackEstimate& estimate) {
    auto text = fmt::format("{:>4} {:>14} {:>12}\n", "zoom", "tiles", "MB");
    const auto line = [&](const std::string& name, const ZoomEstimate& zoom) {
        text += fmt::format("{:>4} {:>14} {:>12.1f}\n", name, zoom.tiles,
                            static_cast<double>(zoom.bytes) / 1e6);
    };
    for (const auto& zoom : estimate.zooms) {
        line(std::to_string(zoom.zoom), zoom);
    }
    line("all", estimate.total());
    const auto seconds = std::llround(estimate.seconds);
    text += fmt::format(
        "about {}:{:02}:{:02} on this machine; {} of {} blocks were made to find "
        "out\n",
        seconds / 3600, seconds / 60 % 60, seconds % 60, estimate.sampled, estimate.blocks);
    return text;
}

void print_estimate(const PackCommand& command, const std::atomic<bool>& is_stopped) {
    const auto result =
        estimate(command.pack, {.files = posix_file_ops(), .is_stopped = is_stopped});
    for (const auto& note : result.notes) {
        if (!command.is_quiet && !command.is_json) {
            fmt::print(stderr, "note: {}\n", note);
        }
    }
    fmt::print("{}", command.is_json ? to_json(result) : to_text(result));
}

/// How the pack goes on, for people or, as a JSON object a line, for programs.
class PackDisplay {
public:
    explicit PackDisplay(const PackCommand& command) : command_{command} {}

    void show(const PackProgress& progress) {
        if (command_.is_json) {
            show_json(progress);
        } else {
            display_.show(shown(progress));
        }
        last_ = progress;
    }

    /// Leave the line of the terminal; for programs, say that all is done.
    void finish() {
        display_.finish();
        if (command_.is_json && !command_.is_quiet) {
            last_.blocks = last_.blocks_total = std::max<std::int64_t>(1, last_.blocks);
            print_line(last_);
        }
    }

private:
    using Clock = std::chrono::steady_clock;

    void show_json(const PackProgress& progress) {
        constexpr std::chrono::milliseconds between_lines{200};
        const auto now = Clock::now();
        if (now < next_line_) {
            return;
        }
        next_line_ = now + between_lines;
        print_line(progress);
    }

    void print_line(const PackProgress& progress) const {
        const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        const auto share = shown(progress);
        nlohmann::ordered_json json{{"seconds", seconds},
                                    {"share", *share.share},
                                    {"tiles", progress.tiles},
                                    {"bytes", progress.bytes}};
        if (*share.share > 0) {
            json["tiles_total"] = std::llround(static_cast<double>(progress.tiles) / *share.share);
        }
        if (const auto left = seconds_left(share, seconds)) {
            json["seconds_left"] = std::llround(*left);
        }
        auto& zooms = json["zooms"] = nlohmann::ordered_json::object();
        for (const auto& [zoom, tiles] : progress.tiles_of_zoom) {
            zooms[std::to_string(zoom)] = tiles;
        }
        fmt::print(stderr, "{}\n", json.dump());
    }

    const PackCommand& command_;
    ProgressDisplay display_{stderr};
    PackProgress last_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point next_line_ = start_;
};

}  // namespace

int run_pack(Words words, const std::atomic<bool>& is_stopped) {
    const auto parsed = parse_command_line(static_cast<int>(words.size()), words.data());
    if (const auto* const answer = std::get_if<CommandLineAnswer>(&parsed)) {
        return print(*answer);
    }
    const auto& command = std::get<PackCommand>(parsed);
    if (command.is_dry_run) {
        print_estimate(command, is_stopped);
        return exit_ok;
    }
    PackDisplay display{command};
    PackContext context{.files = posix_file_ops(), .is_stopped = is_stopped};
    if (!command.is_quiet) {
        context.report = [&](const PackProgress& progress) { display.show(progress); };
    }
    const auto result = pack(command.pack, context);
    display.finish();
    if (command.is_json) {
        fmt::print("{}", to_json(result));
    } else {
        print_for_people(result, command);
    }
    return result.damage.empty() ? exit_ok : exit_incomplete;
}

}  // namespace offgrid
