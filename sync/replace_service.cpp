#include "sync/replace_service.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/text.h"
#include "formats/package/manifest.h"
#include "sync/background.h"
#include "sync/entry_names.h"
#include "sync/target_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// How often a change is made, and others are faster, until it is made in the turn.
constexpr int max_attempts_before_turn = 2;

/// The package's manifest. Its messages name no folder of ours.
Manifest manifest_in(const fs::path& folder, const std::string& layer) {
    auto manifest = parse_manifest(as_text(read_file(folder / manifest_name, max_manifest_bytes)));
    if (!is_layer_or_tileset(manifest.layer, layer)) {
        throw Error{Errc::corrupt, fmt::format("the package is of layer '{}', not of '{}'",
                                               printable(manifest.layer), printable(layer))};
    }
    return manifest;
}

void add_tree(ReplaceTransaction& replace, const std::string& layer, const FileTree& tree,
              const Checkpoint& checkpoint) {
    if (const auto folder = tree.package_folder()) {
        replace.add_package(manifest_in(*folder, layer), *folder, checkpoint);
        return;
    }
    for (const auto& name : tree.names) {
        try {
            replace.add_file(target_layer(replace.next(), layer, name), name, tree.folder / name,
                             checkpoint);
        } catch (const Error& error) {
            if (error.code() != Errc::invalid_argument) {
                throw;
            }
            throw Error{Errc::corrupt,
                        fmt::format("entry '{}': {}", printable(name), error.what())};
        }
    }
}

bool installs_package(const Delivery& delivery) {
    const auto* const tree = std::get_if<FileTree>(&delivery);
    return tree != nullptr && tree->package_folder().has_value();
}

/// Throws unless what came hashes to what the request says.
void check_sha256(const std::string& wanted, const std::string& sha256) {
    if (!wanted.empty() && wanted != sha256) {
        throw Error{Errc::corrupt,
                    fmt::format("the file has SHA-256 {}, not the given one", sha256)};
    }
}

/// Throws unless every file for which the request gives a hash is there and has it.
void check_sha256_by_name(const ReplaceRequest& request, const std::vector<FileChange>& changes) {
    for (const auto& [name, sha256] : request.sha256_by_name) {
        const auto found = std::ranges::find(changes, name, &FileChange::name);
        if (found == changes.end() || !found->new_sha256) {
            throw Error{Errc::corrupt,
                        fmt::format("there is no file '{}' to have a hash", printable(name))};
        }
        if (*found->new_sha256 != sha256) {
            throw Error{Errc::corrupt, fmt::format("file '{}' has SHA-256 {}, not the given one",
                                                   printable(name), *found->new_sha256)};
        }
    }
}

/// Throws unless the request names a file of its layer where there is one file to name.
void check_target(const ReplaceRequest& request, const Delivery& delivery) {
    if (!std::holds_alternative<SingleFile>(delivery)) {
        if (request.is_strict && !request.destination.empty()) {
            throw Error{Errc::invalid_argument,
                        "`destination` is for one file; these have names of their own"};
        }
        return;
    }
    if (request.destination.empty()) {
        throw Error{Errc::invalid_argument,
                    "`destination` is missing: the name of the file in the layer"};
    }
    if (!is_contained_name(request.destination)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("`destination` '{}' is no file of the layer",
                                printable(request.destination))};
    }
}

/// The hash of what a delivery may change, as If-Match takes it and reports give it: of the layer
/// that a package is of, else of the layer with its tilesets.
std::optional<std::string> sha256_of_target(const Generation& generation,
                                            const ReplaceRequest& request,
                                            const Delivery& delivery) {
    if (const auto* const tree = std::get_if<FileTree>(&delivery)) {
        if (const auto folder = tree->package_folder()) {
            return sha256_of_installed(generation, manifest_in(*folder, request.layer).layer);
        }
    }
    return sha256_of_layer(generation, request.layer);
}

/// Throws unless the file that is replaced is as the client expects.
void check_file(const ReplaceRequest& request, const Manifest& layer) {
    const auto* const file = layer.find(request.destination);
    request.precondition.check(file == nullptr ? std::nullopt : std::optional{file->sha256},
                               fmt::format("file '{}'", printable(request.destination)));
}

}  // namespace

ReplaceService::ReplaceService(FileOps& files, const Depot& depot, sqlite::MbtilesPool& pool,
                               Live<LayerSet>& layers, AuditLog& audit, Options options)
    : options_{std::move(options)},
      served_{files, depot, pool, layers, options_.drain_timeout},
      audit_{audit},
      receiving_{files, options_.limits.min_free_bytes},
      unpacking_{receiving_, served_.is_stopped()} {}

StagingFolder ReplaceService::new_staging() {
    return or_server_failure([&] { return StagingFolder{served_.files(), served_.depot()}; });
}

void ReplaceService::check_room(std::uint64_t bytes) {
    or_server_failure([&] { receiving_.check_room(served_.depot().staging(), bytes); });
}

ReplaceReport ReplaceService::replace(const ReplaceRequest& request,
                                      const std::optional<Upload>& upload, StagingFolder staging,
                                      ChangeOptions options) {
    const auto delivery = take(request, upload, staging);
    check_target(request, delivery);
    std::optional<std::string> layer_sha256;
    const auto complete = [&](ReplaceReport report) {
        report.layer = request.layer;
        report.layer_sha256 = layer_sha256;
        return report;
    };
    options.audit.action = "replace";
    options.audit.layer = request.layer;
    options.is_dry_run = request.is_dry_run;
    const auto completed = [&](OnReport told) -> OnReport {
        if (!told) {
            return {};
        }
        return [&, told = std::move(told)](const ReplaceReport& report) { told(complete(report)); };
    };
    options.on_prepared = completed(std::move(options.on_prepared));
    options.on_served = completed(std::move(options.on_served));
    return complete(change(
        std::move(staging),
        [&](ReplaceTransaction& replace, const Checkpoint& checkpoint) {
            add(replace, request, delivery, checkpoint);
            check_sha256_by_name(request, replace.changes());
            layer_sha256 = sha256_of_target(replace.next(), request, delivery);
        },
        options));
}

ReplaceReport ReplaceService::change(StagingFolder staging, const Change& change,
                                     const ChangeOptions& options) {
    run_in_background();
    ReplaceTransaction replace{served_.files(), served_.depot(), Generation{}, std::move(staging)};
    auto turn = build(replace, change, options);
    check_not_stopped(served_.is_stopped());
    if (const auto limit = quota()) {
        replace.check_quota(*limit);
    }
    ReplaceReport report;
    report.files = replace.changes();
    if (options.is_dry_run) {
        report.is_dry_run = true;
        report.generation = served_.served().number;
        return report;
    }
    if (options.on_commit) {
        options.on_commit();
    }
    const auto made = commit(replace, report, options);
    report.generation = made.generation;
    if (options.on_served) {
        options.on_served(report);  // in the order of the generations
    }
    turn.give_back();  // the next replace does not depend on who still reads the previous state
    report.drain = served_.await(made);
    if (options_.on_changed) {
        options_.on_changed();
    }
    return report;
}

/// Have the change made, in the end in the turn. It is made before, on what is served then; that it
/// need not be made again is the rule.
ServedDepot::Turn ReplaceService::build(ReplaceTransaction& replace, const Change& change,
                                        const ChangeOptions& options) {
    const auto& layer = options.audit.layer;
    const auto is_concerned = [&](const std::string& name) {
        return layer.empty() || is_layer_or_tileset(name, layer);
    };
    const auto checkpoint = [&] {
        check_not_stopped(served_.is_stopped());
        if (options.checkpoint) {
            options.checkpoint();
        }
    };
    for (int attempt = 0; attempt < max_attempts_before_turn; ++attempt) {
        const auto snapshot = served_.snapshot();
        replace.start_again(snapshot.generation);
        change(replace, checkpoint);
        checkpoint();
        auto turn = served_.wait_for_turn();
        if (replace.follow(served_.current(), is_concerned)) {
            return turn;
        }
    }
    auto turn = served_.wait_for_turn();
    replace.start_again(served_.current());
    change(replace, checkpoint);
    return turn;
}

/// Make what is prepared current and served. From here on things change on the disk, so whatever
/// comes of it goes into the audit log, before anybody is told.
ServedDepot::Switch ReplaceService::commit(ReplaceTransaction& replace, const ReplaceReport& report,
                                           const ChangeOptions& options) {
    auto entry = options.audit;
    const auto prepare = [&] {
        auto next = replace.prepare({.author = entry.who.name});
        if (options.on_prepared) {
            auto prepared = report;
            prepared.generation = next.number;
            prepared.drain.is_complete = true;
            options.on_prepared(prepared);
        }
        return next;
    };
    try {
        auto made = served_.switch_by(prepare, replace.repaired());
        entry.generation = made.generation;
        entry.files = replace.changes();
        if (made.failure) {
            throw Error{*made.failure};
        }
        audit_.record(entry);
        return made;
    } catch (const std::exception& error) {
        entry.outcome = outcome_of(error);
        audit_.record(entry);
        throw;
    }
}

void ReplaceService::add(ReplaceTransaction& replace, const ReplaceRequest& request,
                         const Delivery& delivery, const Checkpoint& checkpoint) const {
    const bool is_elsewhere = options_.is_kept_elsewhere && !installs_package(delivery) &&
                              !sha256_of_layer(replace.next(), request.layer) &&
                              options_.is_kept_elsewhere(request.layer);
    if (is_elsewhere) {
        throw Error{Errc::invalid_argument,
                    fmt::format("layer '{}' is kept in no SQLite files that could be replaced",
                                printable(request.layer))};
    }
    if (const auto* const file = std::get_if<SingleFile>(&delivery)) {
        const auto layer = target_layer(replace.next(), request.layer, request.destination);
        if (!request.precondition.is_empty()) {
            check_file(request, replace.next().layers.at(layer));
        }
        replace.add_file(layer, request.destination, file->staged, checkpoint);
        return;
    }
    if (!request.precondition.is_empty()) {
        request.precondition.check(sha256_of_target(replace.next(), request, delivery),
                                   fmt::format("layer '{}'", printable(request.layer)));
    }
    add_tree(replace, request.layer, std::get<FileTree>(delivery), checkpoint);
}

Delivery ReplaceService::take(const ReplaceRequest& request, const std::optional<Upload>& upload,
                              const StagingFolder& staging) {
    if (request.layer.empty()) {
        throw Error{Errc::invalid_argument, "`layer` is missing: the layer to replace files of"};
    }
    if (upload) {
        check_sha256(request.sha256, upload->sha256);
        return take_upload(unpacking_, upload->path, staging.path(), options_.limits);
    }
    if (request.source.empty()) {
        throw Error{Errc::invalid_argument,
                    "`file` and `source` are missing or empty: nothing to replace with"};
    }
    auto delivery = take_source(unpacking_, options_.sources.resolve(request.source),
                                request.source, staging.path(), options_.limits);
    if (!request.sha256.empty()) {
        const auto* const file = std::get_if<SingleFile>(&delivery);
        if (file == nullptr) {
            throw Error{Errc::invalid_argument,
                        "`sha256` is of one SQLite file; a source that is a folder or an archive "
                        "cannot be checked"};
        }
        check_sha256(request.sha256, sha256_hex_of_file(file->staged));
    }
    return delivery;
}

}  // namespace offgrid
