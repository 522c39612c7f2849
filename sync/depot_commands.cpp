#include "sync/depot_commands.h"

#include "formats/base/error.h"
#include "formats/package/depot.h"
#include "formats/package/prune.h"
#include "serve/log.h"
#include "sync/audit.h"
#include "sync/generation_json.h"
#include "sync/wait_for_servers.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int damaged_exit_code = 1;
constexpr int lagging_exit_code = 3;

/// The depot in a folder; it may have lost its file CURRENT. Throws `not_found` when there is none:
/// nothing here makes one.
Depot open_depot(const fs::path& folder) {
    if (!Depot::is_depot(folder) && !fs::is_directory(folder / "generations")) {
        throw Error{Errc::not_found, fmt::format("{} is no depot", folder.string())};
    }
    return Depot{folder};
}

/// The number of the current generation; nothing where that cannot be read.
std::optional<std::uint64_t> find_current(const Depot& depot) {
    try {
        return depot.current_number();
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// The right to change the depot. `address` is what asks a daemon for the same.
DepotLock lock(const Depot& depot, std::string_view address) {
    try {
        return DepotLock{depot};
    } catch (const Error& error) {
        if (error.code() != Errc::busy) {
            throw;
        }
        throw Error{Errc::busy, fmt::format("{}; if that is a daemon, POST {} at its "
                                            "administration address does the same",
                                            error.what(), address)};
    }
}

/// Do the work, of this command, and enter what came of it into the depot's audit log. The entry
/// has the action; the work completes it. REQUIRES: the lock.
template <typename Work>
auto entered(FileOps& files, const Depot& depot, AuditEntry& entry, const Work& work) {
    entry.who.name = "local";
    AuditLog audit{files, depot.root(), stderr_log("offgrid " + entry.action)};
    if (const auto current = find_current(depot)) {
        audit.note_current(*current);
    }
    return recorded(audit, entry, work);
}

void add_depot(CLI::App& app, fs::path& depot) {
    app.add_option("depot", depot, "Folder of the depot")->required()->type_name("DEPOT");
}

std::string count(std::uint64_t number, std::string_view singular) {
    return fmt::format("{} {}{}", number, singular, number == 1 ? "" : "s");
}

std::string megabytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

void print(const Json& json) {
    fmt::print("{}\n", json.dump(1, ' ', false, Json::error_handler_t::replace));
}

/// What the depot holds, or why that cannot be read.
struct Holdings {
    std::optional<Generation> current{};
    std::string damage{};
};

Holdings holdings_of(const Depot& depot) {
    try {
        return {.current = depot.load_current()};
    } catch (const Error& error) {
        return {.damage = error.what()};
    }
}

void print_json(const Depot& depot, const Holdings& holdings,
                const std::vector<LaggingServer>& lagging) {
    Json json{{"depot", depot.root().string()}};
    json["generation"] = holdings.current ? Json(holdings.current->number) : Json(nullptr);
    if (!holdings.damage.empty()) {
        json["damage"] = holdings.damage;
    }
    json["layers"] = Json::array();
    for (const auto& [name, manifest] : holdings.current.value_or(Generation{}).layers) {
        const auto totals = manifest.files.totals();
        json["layers"].push_back({{"layer", name},
                                  {"files", totals.files},
                                  {"bytes", totals.bytes},
                                  {"tiles", totals.tiles}});
    }
    json["generations"] = Json::array();
    for (const auto& some : depot.generations()) {
        auto value = to_value(some);
        if (!some.damage.empty()) {
            value["damage"] = some.damage;
        }
        json["generations"].push_back(std::move(value));
    }
    json["lagging"] = Json::array();
    for (const auto& server : lagging) {
        json["lagging"].push_back({{"server", server.url}, {"reason", server.reason}});
    }
    print(json);
}

void print_text(const Generation& current) {
    const auto totals = totals_of(current);
    fmt::print("generation {}: {}, {}, {}, {}\n", current.number,
               count(current.layers.size(), "layer"), count(totals.files, "file"),
               count(totals.tiles, "tile"), megabytes(totals.bytes));
    for (const auto& [name, manifest] : current.layers) {
        fmt::print("  {}: {}, {}\n", name, count(manifest.files.size(), "file"),
                   megabytes(manifest.files.totals().bytes));
    }
}

void print_text(const Depot& depot, const Holdings& holdings,
                const std::vector<LaggingServer>& lagging) {
    if (holdings.current) {
        print_text(*holdings.current);
    } else {
        fmt::print("damaged: {}\n", holdings.damage);
    }
    fmt::print("kept:\n");
    for (const auto& some : depot.generations()) {
        fmt::print("{} {:>6}  {}\n", some.is_current ? '*' : ' ', some.number,
                   some.damage.empty()
                       ? fmt::format("{}  {:>12}  {}  {}", time_text(some.created),
                                     megabytes(some.stored_bytes),
                                     some.author.empty() ? "-" : some.author, some.change)
                       : some.damage);
    }
    for (const auto& server : lagging) {
        fmt::print("{} lags: {}\n", server.url, server.reason);
    }
}

/// The number of the current generation for people, who may have come because there is none.
std::string current_text(const Depot& depot) {
    const auto current = find_current(depot);
    return current ? std::to_string(*current) : "one that cannot be read";
}

}  // namespace

void add_rollback_options(CLI::App& app, RollbackOptions& options) {
    add_depot(app, options.depot);
    app.add_option("--to", options.to,
                   "Number of the generation, also a newer one; default: the one that the current "
                   "one was made from")
        ->type_name("NUMBER");
}

void add_prune_options(CLI::App& app, PruneOptions& options) {
    add_depot(app, options.depot);
    app.add_option("--keep", options.keep,
                   "How many generations to keep: the current one, those it came from, then the "
                   "newest others. Those that are being served stay as well")
        ->required()
        ->type_name("COUNT")
        ->check(CLI::Range(1, 1'000'000));
    app.add_flag("--dry-run", options.is_dry_run, "Only say what would be removed");
}

void add_status_options(CLI::App& app, StatusOptions& options) {
    add_depot(app, options.depot);
    app.add_flag("--json", options.is_json, "Print JSON");
    auto* const servers =
        app.add_option(
               "--server", options.servers,
               "A server that is to serve the current generation; may be repeated. When one "
               "does not, that is said and the exit code is 3")
            ->type_name("URL")
            ->take_all()
            ->allow_extra_args(false);
    app.add_flag("--wait", options.is_waiting, "Wait until all servers serve it")->needs(servers);
    app.add_option("--timeout", options.timeout_s, "How long to wait")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86'400))
        ->capture_default_str();
}

int run_rollback(const RollbackOptions& options, FileOps& files) {
    const auto depot = open_depot(options.depot);
    const auto locked = lock(depot, "/rest/rollback");
    const auto from = current_text(depot);
    const auto to = options.to ? options.to : depot.previous_number();
    if (!to) {
        throw Error{Errc::not_found, fmt::format("depot {} keeps no generation before {}",
                                                 options.depot.string(), from)};
    }
    AuditEntry entry{.action = "rollback"};
    entered(files, depot, entry, [&] {
        try {
            auto generation = depot.switch_to(files, *to);
            entry.generation = to;
            return generation;
        } catch (const std::exception&) {
            if (find_current(depot) == to) {
                entry.generation = to;  // but perhaps not durably
            }
            throw;
        }
    });
    fmt::print("generation {} is current, in place of {}\n", *to, from);
    return 0;
}

int run_prune(const PruneOptions& options, FileOps& files) {
    const auto depot = open_depot(options.depot);
    const auto locked = lock(depot, "/rest/prune");
    AuditEntry entry{.action = "prune"};
    const auto remove = [&] {
        auto removed = prune(files, depot, options.keep, PruneMode::remove);
        entry.outcome = fmt::format("done: pruned {} generations, {} files, {} bytes",
                                    removed.removed.size(), removed.files, removed.bytes);
        return removed;
    };
    const auto report = options.is_dry_run ? prune(files, depot, options.keep, PruneMode::look)
                                           : entered(files, depot, entry, remove);
    fmt::print("{}{} and {}: {}\n", options.is_dry_run ? "would remove " : "removed ",
               count(report.removed.size(), "generation"), count(report.files, "file"),
               megabytes(report.bytes));
    if (!report.in_use.empty()) {
        fmt::print("still served, so kept: {}\n", fmt::join(report.in_use, ", "));
    }
    return 0;
}

int run_status(const StatusOptions& options) {
    const auto depot = open_depot(options.depot);
    const std::chrono::seconds timeout{options.is_waiting ? options.timeout_s : 0};
    auto holdings = holdings_of(depot);
    std::vector<LaggingServer> lagging;
    if (holdings.current && !options.servers.empty()) {
        lagging = wait_for_servers(options.servers, [&] { return current_generation_of(depot); },
                                   {.timeout = timeout});
        holdings = holdings_of(depot);
    }
    if (options.is_json) {
        print_json(depot, holdings, lagging);
    } else {
        print_text(depot, holdings, lagging);
    }
    if (!holdings.current) {
        return damaged_exit_code;
    }
    return lagging.empty() ? 0 : lagging_exit_code;
}

}  // namespace offgrid
