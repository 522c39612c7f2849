#include "sync/replace_service.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/text.h"
#include "formats/package/manifest.h"
#include "serve/open_layers.h"
#include "sync/entry_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// A replace ahead may have gigabytes to verify.
constexpr std::chrono::minutes turn_timeout{15};

/// How soon one who waits for the turn notices that the service is stopped.
constexpr std::chrono::milliseconds stop_interval{100};

/// What must stay free on the disk beside the delivery itself: generations, names, other programs.
constexpr std::uint64_t spare_bytes = 16 << 20;

/// The package's manifest. Its messages name no folder of ours.
Manifest manifest_in(const fs::path& folder, const std::string& layer) {
    auto manifest = parse_manifest(as_text(read_file(folder / manifest_name, max_manifest_bytes)));
    if (manifest.layer != layer) {
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
            replace.add_file(layer, name, tree.folder / name, checkpoint);
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

/// What a failure of our own disk is to the client: not its mistake, whatever the code says to
/// others.
Error as_server_failure(const Error& error) {
    return error.code() == Errc::no_space ? error : Error{Errc::io, error.what()};
}

/// Throws unless the request names a file of its layer where there is one file to name.
void check_target(const ReplaceRequest& request, const Delivery& delivery) {
    if (!std::holds_alternative<SingleFile>(delivery)) {
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

}  // namespace

ReplaceService::ReplaceService(FileOps& files, const Depot& depot, sqlite::MbtilesPool& pool,
                               Live<LayerSet>& layers, Options options)
    : files_{files}, depot_{depot}, pool_{pool}, layers_{layers}, options_{std::move(options)} {}

void ReplaceService::check_room(std::uint64_t bytes) {
    if (bytes + spare_bytes > files_.free_bytes(depot_.staging())) {
        throw Error{Errc::no_space,
                    fmt::format("no room for {} bytes on the disk of the depot", bytes)};
    }
}

ReplaceReport ReplaceService::replace(const ReplaceRequest& request,
                                      const std::optional<Upload>& upload, StagingFolder staging) {
    const auto delivery = take(request, upload, staging);
    check_target(request, delivery);

    auto turn = wait_for_turn();
    ReplaceTransaction replace{files_, depot_, current_generation(depot_, *layers_.acquire()),
                               std::move(staging)};
    const auto checkpoint = [this] { check_not_stopped(is_stopped_); };
    if (const auto* const file = std::get_if<SingleFile>(&delivery)) {
        replace.add_file(request.layer, request.destination, file->staged, checkpoint);
    } else {
        add_tree(replace, request.layer, std::get<FileTree>(delivery), checkpoint);
    }
    checkpoint();
    auto [generation, drained] = commit_and_swap(replace);
    const auto swapped_at = Clock::now();
    turn.unlock();  // the next replace does not depend on who still reads the previous state

    const bool is_drained = drained.wait_for(options_.drain_timeout) == std::future_status::ready;
    return {.layer = request.layer,
            .generation = generation,
            .files = replace.changes(),
            .is_drained = is_drained,
            .drained =
                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - swapped_at)};
}

std::unique_lock<std::timed_mutex> ReplaceService::wait_for_turn() {
    const auto deadline = Clock::now() + turn_timeout;
    std::unique_lock turn{depot_mutex_, std::defer_lock};
    do {
        check_not_stopped(is_stopped_);
        if (Clock::now() >= deadline) {
            throw Error{Errc::busy, "another replace has not ended yet"};
        }
    } while (!turn.try_lock_for(stop_interval));
    return turn;
}

std::pair<std::uint64_t, std::future<void>> ReplaceService::commit_and_swap(
    ReplaceTransaction& replace) {
    const auto before = depot_.current_number();
    try {
        const auto generation = replace.commit();
        return {generation.number,
                layers_.swap(open_generation(depot_, generation, pool_, layers_.acquire().get()))};
    } catch (const Error& error) {
        serve_current_unless(before);
        throw as_server_failure(error);
    } catch (...) {
        serve_current_unless(before);
        throw;
    }
}

void ReplaceService::serve_current_unless(std::uint64_t served) {
    // The last step of a commit may fail when the switch is made already. Serve what a restart
    // would serve.
    if (depot_.current_number() != served) {
        const auto before = layers_.acquire();
        layers_.swap(
            open_generation(depot_, current_generation(depot_, *before), pool_, before.get()));
    }
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
