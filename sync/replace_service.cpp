#include "sync/replace_service.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/text.h"
#include "formats/package/manifest.h"
#include "sync/entry_names.h"
#include "sync/target_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

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

/// Throws unless what came hashes to what the request says.
void check_sha256(const std::string& wanted, const std::string& sha256) {
    if (!wanted.empty() && lower_case(wanted) != sha256) {
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

/// Throws unless the file that is replaced, or else the layer, is as the client expects.
void check_precondition(const ReplaceRequest& request, const Generation& current,
                        const std::string* file_layer) {
    const auto& precondition = request.precondition;
    if (precondition.is_empty()) {
        return;
    }
    if (file_layer == nullptr) {
        precondition.check(sha256_of_layer(current, request.layer),
                           fmt::format("layer '{}'", printable(request.layer)));
        return;
    }
    const auto* const file = current.layers.at(*file_layer).find(request.destination);
    precondition.check(file == nullptr ? std::nullopt : std::optional{file->sha256},
                       fmt::format("file '{}'", printable(request.destination)));
}

}  // namespace

ReplaceService::ReplaceService(FileOps& files, const Depot& depot, sqlite::MbtilesPool& pool,
                               Live<LayerSet>& layers, Options options)
    : options_{std::move(options)},
      served_{files, depot, pool, layers, options_.drain_timeout},
      receiving_{files, options_.limits.min_free_bytes},
      unpacking_{receiving_, served_.is_stopped()} {}

void ReplaceService::check_room(std::uint64_t bytes) {
    receiving_.check_room(served_.depot().staging(), bytes);
}

ReplaceReport ReplaceService::replace(const ReplaceRequest& request,
                                      const std::optional<Upload>& upload, StagingFolder staging,
                                      const OnServed& on_served) {
    const auto delivery = take(request, upload, staging);
    check_target(request, delivery);
    std::optional<std::string> layer_sha256;
    const auto complete = [&](ReplaceReport report) {
        report.layer = request.layer;
        report.layer_sha256 = layer_sha256;
        return report;
    };
    return complete(change(std::move(staging),
                           [&](ReplaceTransaction& replace, const Checkpoint& checkpoint) {
                               add(replace, request, delivery, checkpoint);
                               check_sha256_by_name(request, replace.changes());
                               layer_sha256 = sha256_of_layer(replace.next(), request.layer);
                           },
                           {.author = request.author,
                            .is_dry_run = request.is_dry_run,
                            .on_served = [&](const ReplaceReport& report) {
                                if (on_served) {
                                    on_served(complete(report));
                                }
                            }}));
}

ReplaceReport ReplaceService::change(StagingFolder staging, const Change& change,
                                     const ChangeOptions& options) {
    auto turn = served_.wait_for_turn();
    ReplaceTransaction replace{served_.files(), served_.depot(), served_.current(),
                               std::move(staging)};
    const auto checkpoint = [this] { check_not_stopped(served_.is_stopped()); };
    change(replace, checkpoint);
    checkpoint();
    ReplaceReport report;
    report.files = replace.changes();
    if (options.is_dry_run) {
        report.is_dry_run = true;
        report.generation = served_.depot().current_number();
        return report;
    }
    const auto made = served_.switch_by(
        [&] { return replace.commit({.author = options.author, .quota_bytes = quota()}); });
    turn.unlock();  // the next replace does not depend on who still reads the previous state
    report.generation = made.generation;
    if (options.on_served) {
        options.on_served(report);
    }
    report.drain = served_.await(made);
    return report;
}

void ReplaceService::add(ReplaceTransaction& replace, const ReplaceRequest& request,
                         const Delivery& delivery, const Checkpoint& checkpoint) const {
    const auto& layers = replace.next().layers;
    const bool is_elsewhere = options_.is_kept_elsewhere && !layers.contains(request.layer) &&
                              options_.is_kept_elsewhere(request.layer);
    if (is_elsewhere) {
        throw Error{Errc::invalid_argument,
                    fmt::format("layer '{}' is kept in no SQLite files that could be replaced",
                                printable(request.layer))};
    }
    if (const auto* const file = std::get_if<SingleFile>(&delivery)) {
        const auto layer = target_layer(replace.next(), request.layer, request.destination);
        check_precondition(request, replace.next(), &layer);
        replace.add_file(layer, request.destination, file->staged, checkpoint);
        return;
    }
    check_precondition(request, replace.next(), nullptr);
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
