#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "pack/commands/command.h"
#include "pack/commands/open_store.h"
#include "pack/commands/transfer_options.h"
#include "pack/commands/transfer_plan.h"
#include "pack/commands/transfer_report.h"
#include "pack/transfer/journal.h"
#include "pack/transfer/reencode.h"
#include "pack/transfer/transfer.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// The reader of a destination that may not be there yet: null then.
std::unique_ptr<TileReader> open_if_there(const config::StoreLocation& location) {
    try {
        return location.open_reader();
    } catch (const Error& error) {
        if (error.code() != Errc::not_found) {
            throw;
        }
        return nullptr;
    }
}

/// Where a former run of the command got to, or nothing. A destination that does not have what the
/// former run has written last is another one: it begins anew.
std::optional<TransferMark> mark_to_go_on_after(const TransferCommand& command,
                                                const TransferPlan& plan, const Journal& journal) {
    if (command.restarts) {
        return std::nullopt;
    }
    std::optional<TransferMark> mark;
    try {
        mark = journal.read();
    } catch (const Error& error) {
        throw Error{error.code(), fmt::format("{}; --restart begins anew", error.what())};
    }
    if (mark && mark->written) {
        const auto reader = open_if_there(plan.destination);
        if (!reader || !reader->exists(*mark->written)) {
            fmt::print(stderr, "note: {} lacks what the former run wrote there: beginning anew\n",
                       plan.destination.text);
            return std::nullopt;
        }
    }
    if (mark && !command.is_quiet) {
        fmt::print(stderr, "going on after {}/{}/{} ({} tiles done)\n", mark->last.z, mark->last.x,
                   mark->last.y, mark->counts.tiles);
    }
    return mark;
}

int exit_code_of(const TransferResult& result) {
    if (!result.ended_by) {
        return result.counts.failed > 0 ? exit_incomplete : exit_ok;
    }
    return result.ended_by->code() == Errc::interrupted ? exit_interrupted : exit_failure;
}

int run(const TransferCommand& command, const TransferPlan& plan,
        const std::atomic<bool>& is_stopped) {
    Journal journal{posix_file_ops(),
                    command.journal.empty() ? default_journal(command) : command.journal};
    const auto reader = plan.source.open_reader();
    if (!reader->can_scan() && command.selection.zooms.empty() && !plan.only) {
        throw Error{
            Errc::invalid_argument,
            fmt::format("{} cannot list its tiles: name zooms with --zoom", plan.source.text)};
    }
    const auto mark = mark_to_go_on_after(command, plan, journal);
    const auto present = command.is_missing_only ? open_if_there(plan.destination) : nullptr;
    std::optional<Reencoder> reencoder;
    if (command.reencode) {
        reencoder.emplace(*command.reencode, command.quality, plan.threads);
    }
    FailedLog failed_log{
        command.failed_log.empty() ? fs::path{journal.path()} += ".failed" : command.failed_log,
        mark ? FailedLog::Existing::continued : FailedLog::Existing::replaced};
    TransferReport report{command, plan, mark ? mark->counts : TransferCounts{}};

    TransferJob job{.source = *reader, .selection = plan.selection, .is_stopped = is_stopped};
    job.only = plan.only ? &*plan.only : nullptr;
    job.open_writer = [&] { return plan.destination.open_writer(plan.like); };
    job.writers = plan.writers;
    job.lacking_in = present.get();
    // A source that must be asked is behind a network, where threads mostly wait.
    job.threads =
        command.threads == 0 && !reader->can_scan() ? std::max(8, plan.threads) : plan.threads;
    if (reencoder) {
        job.threads = plan.threads;
        job.convert = [&](BytesView tile, std::size_t thread) {
            return (*reencoder)(tile, thread);
        };
    }
    job.tiles_per_second = command.tiles_per_second;
    job.after = mark;
    job.keep_mark = [&](const TransferMark& next) { journal.keep(next); };
    job.keep_failure = [&](const TileKey& key, std::string_view cause) {
        failed_log.add(key, cause);
    };
    job.report = [&](const TransferProgress& progress) { report.show(progress); };
    const auto result = transfer(job);
    if (!result.ended_by) {
        journal.remove();
    }
    report.finish(result, failed_log.path());
    return exit_code_of(result);
}

}  // namespace

int run_transfer(Words words, const std::atomic<bool>& is_stopped) {
    const auto parsed = parse_transfer(words);
    if (const auto* const answer = std::get_if<CommandLineAnswer>(&parsed)) {
        return print(*answer);
    }
    const auto& command = std::get<TransferCommand>(parsed);
    const auto locations = make_locations();
    const auto plan = plan_transfer(command, *locations);
    if (!command.is_quiet) {
        for (const auto& note : plan.notes) {
            fmt::print(stderr, "note: {}\n", note);
        }
    }
    if (command.is_dry_run) {
        print_dry_run(command, plan, is_stopped);
        return exit_ok;
    }
    return run(command, plan, is_stopped);
}

}  // namespace offgrid
