#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "pack/commands/command.h"
#include "pack/commands/dry_run.h"
#include "pack/commands/open_store.h"
#include "pack/commands/transfer_identity.h"
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

/// Whether the store has the tile, or cannot be asked now. An SQLite file that a run was killed in
/// the midst of committing to is put right by the next writer; a reader cannot, and what the
/// journal tells was committed before.
bool may_have(const config::StoreLocation& location, const TileKey& key) {
    try {
        const auto reader = open_if_there(location);
        return reader && reader->exists(key);
    } catch (const Error& error) {
        if (error.code() != Errc::io) {
            throw;
        }
        return true;
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
        if (error.code() == Errc::invalid_argument && command.journal.empty()) {
            fmt::print(stderr, "note: {}: beginning anew\n", error.what());
            return std::nullopt;
        }
        throw Error{error.code(), fmt::format("{}; --restart begins anew", error.what())};
    }
    if (mark && mark->written) {
        if (!may_have(plan.destination, *mark->written)) {
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

Journal journal_of(const TransferCommand& command) {
    return {posix_file_ops(), command.journal.empty() ? default_journal(command) : command.journal,
            identity_of(command)};
}

int exit_code_of(const TransferResult& result) {
    if (!result.ended_by) {
        return result.counts.failed > 0 ? exit_incomplete : exit_ok;
    }
    return result.ended_by->code() == Errc::interrupted ? exit_interrupted : exit_failure;
}

int run(const TransferCommand& command, const TransferPlan& plan,
        const std::atomic<bool>& is_stopped) {
    auto journal = journal_of(command);
    journal.create_folder();
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
        posix_file_ops(),
        command.failed_log.empty() ? fs::path{journal.path()} += ".failed" : command.failed_log,
        mark ? FailedLog::Existing::continued : FailedLog::Existing::replaced};
    TransferReport report{command, plan, mark ? mark->counts : TransferCounts{}};

    TransferJob job{.source = *reader, .selection = plan.selection, .is_stopped = is_stopped};
    job.only = plan.only ? &*plan.only : nullptr;
    job.open_writer = [&] { return plan.destination.open_writer(plan.like); };
    job.writers = plan.writers;
    job.writes_in_files = !plan.destination.gains_by_parallel_writers;
    job.is_built_once = plan.destination.is_built_once;
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
    job.keep_mark = [&](const TransferMark& next) {
        failed_log.sync();  // the mark passes over them
        journal.keep(next);
    };
    job.keep_failure = [&](const TileKey& key, std::string_view cause) {
        failed_log.add(key, cause);
    };
    job.keep_file_failure = [&](const std::string& file, int z, std::string_view cause) {
        failed_log.add(file, z, cause);
    };
    job.report = [&](const TransferProgress& progress) { report.show(progress); };
    const auto result = transfer(job);
    if (!result.ended_by) {
        journal.remove();
    }
    report.finish(result, failed_log);
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
        const auto mark = mark_to_go_on_after(command, plan, journal_of(command));
        const auto present = command.is_missing_only ? open_if_there(plan.destination) : nullptr;
        print_dry_run(command, plan, {.after = mark, .lacking_in = present.get()}, is_stopped);
        return exit_ok;
    }
    return run(command, plan, is_stopped);
}

}  // namespace offgrid
