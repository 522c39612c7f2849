#include "sync/jobs/job_runner.h"

#include "formats/base/error.h"
#include "formats/package/package_reader.h"
#include "pack/job.h"
#include "sync/jobs/change_layer.h"
#include "sync/jobs/child_process.h"
#include "sync/jobs/pack_command.h"
#include "sync/jobs/pack_output.h"

#include <fmt/format.h>

#include <csignal>
#include <optional>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// How soon a job notices that it is cancelled.
constexpr std::chrono::milliseconds check_interval{100};

JobRunner::Options completed(JobRunner::Options options) {
    if (options.pack_program.empty()) {
        options.pack_program = program_beside_this("offgrid-pack");
    }
    return options;
}

std::string how_it_ended(const ChildExit& exit) {
    return exit.signal != 0 ? fmt::format("offgrid pack was ended by signal {}", exit.signal)
                            : fmt::format("offgrid pack ended with exit code {}", exit.code);
}

ChangeOptions options_of(const Job& job, const JobWatch& watch) {
    const auto& request = job.request;
    return {.audit = {.who = {.name = request.asked_by, .role = request.role},
                      .from = request.from,
                      .action = std::string{name_of(request.type)},
                      .layer = request.layer},
            .checkpoint = watch.check,
            .on_commit = watch.begin_commit};
}

/// Nothing: it may go on.
std::optional<Error> reason_to_end(const JobWatch& watch, const CheckRoom& check_room) {
    try {
        watch.check();
        check_room(0);
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    }
}

}  // namespace

JobRunner::JobRunner(const Depot& depot, ReplaceService& replace, Options options)
    : depot_{depot}, replace_{replace}, options_{completed(std::move(options))} {}

std::uint64_t JobRunner::pack(const Job& job, const LayerSource& source, const JobWatch& watch) {
    const auto scope = scope_of(source, job.request);
    auto staging = replace_.new_staging();
    const auto folder = staging.path() / "package";
    const auto job_file = staging.path() / "job.json";
    replace_.files().create(job_file)->append(as_bytes(to_json(scope.pack)));
    run_packer(pack_arguments(job_file, job.request.layer, scope.pack.threads, folder), watch);
    replace_.files().remove_all(job_file);
    const auto report = replace_.change(
        std::move(staging),
        [&](ReplaceTransaction& replace, const Checkpoint& checkpoint) {
            install_package(replace, job, scope.is_whole, folder, checkpoint);
        },
        options_of(job, watch));
    return report.generation;
}

std::uint64_t JobRunner::truncate(const Job& job, const JobWatch& watch) {
    return truncate([&](const Generation&) { return std::vector{job.request}; },
                    options_of(job, watch));
}

std::uint64_t JobRunner::truncate(const Truncates& wanted, const ChangeOptions& options) {
    const auto report = replace_.change(
        replace_.new_staging(),
        [&](ReplaceTransaction& replace, const Checkpoint& checkpoint) {
            const ChangeContext context{replace, replace_.files(), depot_, checkpoint, check_room_};
            for (const auto& request : wanted(replace.next())) {
                truncate_layer(context, request.layer, {request.zooms, request.bounds});
            }
        },
        options);
    return report.generation;
}

void JobRunner::install_package(ReplaceTransaction& replace, const Job& job, bool is_whole,
                                const fs::path& folder, const Checkpoint& checkpoint) const {
    const auto manifest = read_manifest(folder);
    const bool is_installed = replace.next().layers.contains(job.request.layer);
    const bool is_anew = job.request.type == JobType::reseed;
    if (!is_installed || (is_anew && is_whole)) {
        replace.add_package(manifest, folder, checkpoint);
        return;
    }
    merge_package({replace, replace_.files(), depot_, checkpoint, check_room_}, manifest, folder,
                  is_anew ? ExistingTile::replace : ExistingTile::keep);
}

/// Run `offgrid pack` to its end. Throws unless that is a success.
void JobRunner::run_packer(const std::vector<std::string>& arguments, const JobWatch& watch) const {
    PackOutput output;
    ChildProcess packer{options_.pack_program, arguments};
    const auto take_line = [&](std::string_view line) { output.take(line); };
    std::optional<Error> reason;  // to end it
    Clock::time_point told_to_end;
    while (packer.wait(check_interval, take_line)) {
        watch.change([&](Job& running) { running.progress = output.progress(); });
        if (reason) {
            if (Clock::now() - told_to_end >= options_.kill_after) {
                packer.signal(SIGKILL);
            }
        } else if (reason = reason_to_end(watch, check_room_); reason) {
            packer.signal(SIGTERM);
            told_to_end = Clock::now();
        }
    }
    auto lines = output.last_lines();
    for (auto& line : lines) {
        line = watch.without_folders(std::move(line));
    }
    watch.change([&](Job& ended) {
        ended.progress = output.progress();
        ended.output = lines;
    });
    if (reason) {
        throw Error{*reason};
    }
    if (const auto exit = packer.exit(); !exit.is_success()) {
        throw Error{Errc::io, fmt::format("{}{}{}", how_it_ended(exit), lines.empty() ? "" : ": ",
                                          lines.empty() ? "" : lines.back())};
    }
}

}  // namespace offgrid
