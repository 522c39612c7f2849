#include "formats/package/replace.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/tile/lonlat.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Put the file into its sorted place in the manifest; returns the entry that it replaces.
std::optional<PackageFile> put(Manifest& manifest, PackageFile file) {
    const auto place = std::ranges::lower_bound(manifest.files, file.name, {}, &PackageFile::name);
    if (place != manifest.files.end() && place->name == file.name) {
        return std::exchange(*place, std::move(file));
    }
    manifest.files.insert(place, std::move(file));
    return std::nullopt;
}

/// Whether the file is there already, whole: one that was damaged since is put there again.
bool is_stored(const fs::path& stored, const std::string& sha256) {
    return fs::exists(stored) && sha256_hex_of_file(stored) == sha256;
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

std::optional<std::string> sha256_of(const PackageFile* file) {
    return file == nullptr ? std::nullopt : std::optional{file->sha256};
}

}  // namespace

ReplaceTransaction::ReplaceTransaction(FileOps& files, const Depot& depot, StagingFolder staging)
    : files_{files},
      depot_{depot},
      staging_{std::move(staging)},
      current_{depot.load_current()},
      next_{current_} {}

void ReplaceTransaction::add_file(const std::string& layer, const std::string& name,
                                  const fs::path& staged, const Checkpoint& checkpoint) {
    auto& manifest = manifest_of(layer);
    const auto [file, extent] = verify_file(staged, name, manifest, checkpoint);
    widen_bounds(manifest, extent);
    const auto old = put(manifest, file);
    changes_.push_back(
        {name, sha256_of(old ? &*old : nullptr), file.sha256, file.tiles, file.bytes});
    staged_files_.push_back({staged, depot_.stored_path(layer, file), file.sha256});
}

void ReplaceTransaction::add_package(const Manifest& manifest, const fs::path& folder,
                                     const Checkpoint& checkpoint) {
    verify_package(folder, manifest, checkpoint);
    const auto installed = next_.layers.find(manifest.layer);
    const Manifest old = installed == next_.layers.end() ? Manifest{} : installed->second;
    for (const auto& file : manifest.files) {
        changes_.push_back(
            {file.name, sha256_of(old.find(file.name)), file.sha256, file.tiles, file.bytes});
        staged_files_.push_back(
            {folder / file.name, depot_.stored_path(manifest.layer, file), file.sha256});
    }
    for (const auto& file : old.files) {
        if (manifest.find(file.name) == nullptr) {
            changes_.push_back({file.name, file.sha256, std::nullopt, 0, 0});
        }
    }
    next_.layers.insert_or_assign(manifest.layer, manifest);
}

void ReplaceTransaction::remove_file(const std::string& layer, const std::string& name) {
    auto& manifest = manifest_of(layer);
    const auto* const file = manifest.find(name);
    if (file == nullptr) {
        throw Error{Errc::not_found, fmt::format("layer '{}' has no file '{}'", layer, name)};
    }
    changes_.push_back({name, file->sha256, std::nullopt, 0, 0});
    std::erase_if(manifest.files, [&](const PackageFile& some) { return some.name == name; });
}

void ReplaceTransaction::remove_layer(const std::string& layer) {
    for (const auto& file : manifest_of(layer).files) {
        changes_.push_back({file.name, file.sha256, std::nullopt, 0, 0});
    }
    next_.layers.erase(layer);
}

void ReplaceTransaction::widen_zooms(const std::string& layer, int min_zoom, int max_zoom) {
    auto& manifest = manifest_of(layer);
    manifest.min_zoom = std::min(manifest.min_zoom, min_zoom);
    manifest.max_zoom = std::max(manifest.max_zoom, max_zoom);
    if (auto& deepest = *std::ranges::max_element(manifest.pyramids, {}, &Pyramids::max_zoom);
        deepest.max_zoom < max_zoom) {
        deepest.max_zoom = max_zoom;
    }
    if (auto& highest = *std::ranges::min_element(manifest.pyramids, {}, &Pyramids::min_zoom);
        highest.min_zoom > min_zoom) {
        highest.min_zoom = std::max(min_zoom, highest.options.top);
    }
}

Manifest& ReplaceTransaction::manifest_of(const std::string& layer) {
    const auto found = next_.layers.find(layer);
    if (found == next_.layers.end()) {
        throw Error{Errc::not_found, fmt::format("unknown layer '{}'", layer)};
    }
    return found->second;
}

Generation ReplaceTransaction::commit() {
    std::set<fs::path> folders;
    for (const auto& [staged, stored, sha256] : staged_files_) {
        if (is_stored(stored, sha256)) {
            continue;
        }
        files_.sync_file(staged);
        files_.create_directories(stored.parent_path());
        files_.rename(staged, stored);
        folders.insert(stored.parent_path());
    }
    for (const auto& folder : folders) {
        files_.sync_directory(folder);
    }
    if (next_ == current_) {
        return current_;
    }
    next_.number = depot_.next_number();
    depot_.publish(files_, next_);
    return next_;
}

void sweep_staging(FileOps& files, const Depot& depot) {
    for (const auto& entry : fs::directory_iterator{depot.staging()}) {
        files.remove_all(entry.path());
    }
}

}  // namespace offgrid
