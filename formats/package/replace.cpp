#include "formats/package/replace.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/package/change_text.h"
#include "formats/package/manifest_json.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

enum class Stored { no, damaged, whole };

/// Whether the file is there already. One that cannot be read is as good as damaged: it is put
/// there again.
Stored look_at(const fs::path& stored, const std::string& sha256) {
    std::error_code error;
    const auto status = fs::symlink_status(stored, error);
    if (status.type() == fs::file_type::not_found) {
        return Stored::no;
    }
    try {
        return sha256_hex_of_file(stored) == sha256 ? Stored::whole : Stored::damaged;
    } catch (const Error&) {
        return Stored::damaged;
    }
}

/// Whether the file of a generation is there as it was written. One that cannot be read is as good
/// as damaged.
bool has_whole_file(const Depot& depot, const Generation& generation) {
    const auto text = to_json(generation);
    try {
        return as_text(read_file(depot.generation_path(generation.number), text.size())) == text;
    } catch (const Error&) {
        return false;
    }
}

/// Let the layer's bounds reach to tiles that lie beyond them by more than the deepest tiles of its
/// edge do: clients ask for nothing outside the bounds.
void widen_bounds(Manifest& manifest, const TileRange& extent) {
    const auto& grid = *manifest.grid;
    const auto bounds = from_lonlat(grid.srs(), manifest.bounds);
    const auto box = to_lonlat(grid.srs(), grid.box_of(extent));
    if (!bounds || !box) {
        return;
    }
    const auto known = grid.range_of(extent.z, *bounds);
    if (intersection(known, extent) != extent) {
        manifest.bounds = intersection(hull(manifest.bounds, *box), {-180, -90, 180, 90});
    }
}

/// Throws `invalid_argument` unless what is read back of the layer is the same.
void check_head(const Manifest& manifest) {
    try {
        if (head_from_value(head_to_value(manifest)) == manifest) {
            return;
        }
    } catch (const Error& error) {
        throw Error{Errc::invalid_argument, error.what()};
    }
    throw Error{Errc::invalid_argument,
                fmt::format("layer '{}' cannot be kept as it is", manifest.layer)};
}

/// What decides whether a file may be in the layer, and where.
Manifest rules_of(const Manifest& manifest) {
    Manifest rules;
    rules.layer = manifest.layer;
    rules.grid = manifest.grid;
    rules.format = manifest.format;
    rules.pyramids = manifest.pyramids;
    return rules;
}

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::optional<std::string> sha256_of(const PackageFile* file) {
    return file == nullptr ? std::nullopt : std::optional{file->sha256};
}

}  // namespace

ReplaceTransaction::ReplaceTransaction(FileOps& files, const Depot& depot, Generation current,
                                       StagingFolder staging)
    : files_{files},
      depot_{depot},
      staging_{std::move(staging)},
      current_{std::move(current)},
      next_{current_} {}

Manifest& ReplaceTransaction::layer(const std::string& name) {
    const auto found = next_.layers.find(name);
    if (found == next_.layers.end()) {
        throw Error{Errc::not_found, fmt::format("unknown layer '{}'", name)};
    }
    return found->second;
}

void ReplaceTransaction::add_file(const std::string& layer_name, const std::string& name,
                                  const fs::path& staged, const Checkpoint& checkpoint) {
    auto& manifest = layer(layer_name);
    const auto [file, extent] = verify(staged, name, manifest, checkpoint);
    auto files = manifest.files.with(file);
    widen_bounds(manifest, extent);
    changes_.push_back(
        {name, sha256_of(manifest.find(name)), file.sha256, file.tiles, file.bytes, layer_name});
    manifest.files = std::move(files);
    staged_files_.push_back({layer_name, file, staged});
}

VerifiedFile ReplaceTransaction::verify(const fs::path& staged, const std::string& name,
                                        const Manifest& manifest, const Checkpoint& checkpoint) {
    auto rules = rules_of(manifest);
    const auto known = verified_.find(staged);
    const bool is_known = known != verified_.end() && known->second.start < starts_ &&
                          known->second.name == name && known->second.layer == rules;
    if (is_known) {
        return known->second.file;
    }
    auto file = verify_file(staged, name, manifest, checkpoint);
    verified_.insert_or_assign(staged, Verified{starts_, name, std::move(rules), file});
    return file;
}

void ReplaceTransaction::remove_file(const std::string& layer_name, const std::string& name) {
    auto& manifest = layer(layer_name);
    const auto* const file = manifest.find(name);
    if (file == nullptr) {
        throw Error{Errc::not_found, fmt::format("layer '{}' has no file '{}'", layer_name, name)};
    }
    changes_.push_back({name, file->sha256, std::nullopt, 0, 0, layer_name});
    manifest.files = manifest.files.without(name);
}

void ReplaceTransaction::remove_layer(const std::string& layer_name) {
    for (const auto& file : layer(layer_name).files) {
        changes_.push_back({file.name, file.sha256, std::nullopt, 0, 0, layer_name});
    }
    next_.layers.erase(layer_name);
}

void ReplaceTransaction::widen_zooms(const std::string& layer_name, int min_zoom, int max_zoom) {
    auto& manifest = layer(layer_name);
    manifest.min_zoom = std::min(manifest.min_zoom, min_zoom);
    manifest.max_zoom = std::max(manifest.max_zoom, max_zoom);
    auto& deepest = *std::ranges::max_element(manifest.pyramids, {}, &Pyramids::max_zoom);
    deepest.max_zoom = std::max(deepest.max_zoom, max_zoom);
    auto& first = *std::ranges::min_element(manifest.pyramids, {}, &Pyramids::min_zoom);
    first.min_zoom = std::min(first.min_zoom, std::max(min_zoom, first.options.top));
}

void ReplaceTransaction::add_package(const Manifest& manifest, const fs::path& folder,
                                     const Checkpoint& checkpoint) {
    if (const auto known = verified_packages_.find(folder);
        known == verified_packages_.end() || known->second != manifest) {
        verify_package(folder, manifest, checkpoint);
        verified_packages_.insert_or_assign(folder, manifest);
    }
    const auto installed = next_.layers.find(manifest.layer);
    const Manifest old = installed == next_.layers.end() ? Manifest{} : installed->second;
    for (const auto& file : manifest.files) {
        changes_.push_back({file.name, sha256_of(old.find(file.name)), file.sha256, file.tiles,
                            file.bytes, manifest.layer});
        staged_files_.push_back({manifest.layer, file, folder / file.name});
    }
    for (const auto& file : old.files) {
        if (manifest.find(file.name) == nullptr) {
            changes_.push_back({file.name, file.sha256, std::nullopt, 0, 0, manifest.layer});
        }
    }
    next_.layers.insert_or_assign(manifest.layer, manifest);
}

void ReplaceTransaction::declare_layer(const Manifest& manifest) {
    if (next_.layers.contains(manifest.layer)) {
        throw Error{Errc::already_exists,
                    fmt::format("there is a layer '{}' already", manifest.layer)};
    }
    if (!manifest.files.empty()) {
        throw Error{Errc::invalid_argument, "a layer is declared without files"};
    }
    check_head(manifest);
    next_.layers.emplace(manifest.layer, manifest);
    declared_.push_back(manifest.layer);
}

void ReplaceTransaction::expect(const std::string& layer_name, const std::string& name,
                                const std::optional<std::string>& sha256) const {
    const auto found = current_.layers.find(layer_name);
    const auto current =
        found == current_.layers.end() ? std::nullopt : sha256_of(found->second.find(name));
    if (current != sha256) {
        throw Error{Errc::stale, fmt::format("file '{}' of layer '{}' {}", name, layer_name,
                                             current ? "has SHA-256 " + *current
                                                     : std::string{"does not exist"})};
    }
}

fs::path ReplaceTransaction::work_folder() const {
    return staging_.path() / fmt::format("work-{}", starts_);
}

bool ReplaceTransaction::follow(const Generation& current, const IsConcerned& is_concerned) {
    if (current.number == current_.number) {
        return true;
    }
    const auto differs = [&](const Generation& one, const Generation& other) {
        return std::ranges::any_of(one.layers, [&](const auto& some) {
            const auto same = other.layers.find(some.first);
            return is_concerned(some.first) &&
                   (same == other.layers.end() || same->second != some.second);
        });
    };
    if (differs(current_, current) || differs(current, current_)) {
        return false;
    }
    auto next = current;
    std::erase_if(next.layers, [&](const auto& some) { return is_concerned(some.first); });
    for (auto& [name, manifest] : next_.layers) {
        if (is_concerned(name)) {
            next.layers.insert_or_assign(name, std::move(manifest));
        }
    }
    current_ = current;
    next_ = std::move(next);
    return true;
}

void ReplaceTransaction::start_again(Generation current) {
    if (fs::exists(work_folder())) {
        files_.remove_all(work_folder());
    }
    ++starts_;
    current_ = std::move(current);
    next_ = current_;
    staged_files_.clear();
    changes_.clear();
    declared_.clear();
}

void ReplaceTransaction::check_quota(std::uint64_t bytes) const {
    const auto after = totals_of(next_).bytes;
    if (after > bytes && after > totals_of(current_).bytes) {
        throw Error{Errc::too_large, fmt::format("the layers would come to {} bytes, and the quota "
                                                 "of the depot is {}",
                                                 after, bytes)};
    }
}

Generation ReplaceTransaction::prepare(const CommitOptions& options) {
    if (const auto number = depot_.current_number(); number != current_.number) {
        throw Error{Errc::stale, fmt::format("generation {} has become current, in place of {}",
                                             number, current_.number)};
    }
    next_.stored_bytes = store_files();
    if (next_.layers == current_.layers) {
        depot_.repair(files_, current_);
        if (has_whole_file(depot_, current_)) {
            return current_;
        }
    }
    next_.number = depot_.next_number();
    next_.previous = current_.number;
    next_.created = options.created.value_or(seconds_now());
    next_.author = options.author;
    next_.change = options.change.empty() ? change_text(changes_, declared_) : options.change;
    depot_.write(files_, next_, current_);
    return next_;
}

Generation ReplaceTransaction::commit(const CommitOptions& options) {
    auto generation = prepare(options);
    depot_.make_current(files_, generation.number);
    return generation;
}

/// Rename the staged files to where they are stored; the bytes that were not stored before.
std::uint64_t ReplaceTransaction::store_files() {
    std::uint64_t bytes = 0;
    std::set<fs::path> folders;
    for (const auto& [layer_name, file, staged] : staged_files_) {
        const auto found = next_.layers.find(layer_name);
        const auto* const wanted =
            found == next_.layers.end() ? nullptr : found->second.find(file.name);
        if (wanted == nullptr || wanted->sha256 != file.sha256) {
            continue;  // a later change took its place
        }
        const auto stored = depot_.stored_path(layer_name, file);
        // Also for one that is there: who put it may have died before its name was durable.
        for (auto folder = stored.parent_path(); folder != depot_.root();
             folder = folder.parent_path()) {
            folders.insert(folder);
        }
        const auto before = look_at(stored, file.sha256);
        if (before == Stored::whole) {
            continue;
        }
        files_.sync_file(staged);
        files_.create_directories(stored.parent_path());
        if (before == Stored::damaged) {
            repaired_.push_back(stored);
        }
        files_.rename(staged, stored);
        bytes += file.bytes;
    }
    for (const auto& folder : folders) {
        files_.sync_directory(folder);
    }
    return bytes;
}

void sweep_staging(FileOps& files, const Depot& depot) {
    for (const auto& entry : fs::directory_iterator{depot.staging()}) {
        files.remove_all(entry.path());
    }
}

}  // namespace offgrid
