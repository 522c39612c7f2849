#include "sync/jobs/change_layer.h"

#include "formats/base/error.h"
#include "formats/sqlite/mbtiles_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

/// The pyramids whose files have that name, and what the name says.
struct NamedFile {
    const Pyramids* pyramids = nullptr;
    PathTemplate names;
    PathTemplate::Match match;
};

std::optional<NamedFile> named_file(const Manifest& manifest, const std::string& name) {
    for (const auto& pyramids : manifest.pyramids) {
        PathTemplate names{pyramids.names, pyramids.options};
        if (auto match = names.match(name)) {
            return NamedFile{&pyramids, std::move(names), *std::move(match)};
        }
    }
    return std::nullopt;
}

/// Removes from one file what it has of the tiles.
void truncate_file(LayerEdit& edit, const Manifest& manifest, const PackageFile& file,
                   const TruncatedTiles& tiles) {
    const auto& grid = *manifest.grid;
    const auto named = named_file(manifest, file.name);
    if (!named) {
        return;
    }
    std::vector<TileRange> removed;
    bool is_whole = true;
    for (int z = file.min_zoom; z <= file.max_zoom; ++z) {
        const auto held = named->names.range_of(named->match, grid, z);
        const bool is_wanted =
            !tiles.zooms || (z >= tiles.zooms->first && z <= tiles.zooms->second);
        const auto wanted = !is_wanted     ? TileRange{z, 0, 0, 0, 0}
                            : tiles.bounds ? grid.range_of(z, *tiles.bounds)
                                           : grid.whole(z);
        const auto both = intersection(held, wanted);
        is_whole = is_whole && (held.is_empty() || both == held);
        if (!both.is_empty()) {
            removed.push_back(both);
        }
    }
    if (is_whole) {
        edit.erase(file);
        return;
    }
    for (const auto& range : removed) {
        edit.erase(file, range);
    }
}

/// Whether a file of the package is the layer's file of that name, with the same tiles.
bool is_laid_out_alike(const Manifest& layer, const Manifest& package) {
    for (int z = package.min_zoom; z <= package.max_zoom; ++z) {
        const auto* const ours = layer.pyramids_of(z);
        const auto* const theirs = package.pyramids_of(z);
        if (ours == nullptr || theirs == nullptr || ours->names != theirs->names ||
            !(ours->options == theirs->options)) {
            return false;
        }
    }
    return true;
}

}  // namespace

void merge_package(const ChangeContext& context, const Manifest& package,
                   const std::filesystem::path& folder, ExistingTile existing) {
    const auto installed = context.replace.next().layers.find(package.layer);
    if (installed == context.replace.next().layers.end()) {
        throw Error{Errc::not_found, fmt::format("unknown layer '{}'", package.layer)};
    }
    const auto& grid = *package.grid;
    if (installed->second.grid != package.grid) {
        throw Error{Errc::unsupported,
                    fmt::format("layer '{}' is in grid {}, not in the {} of the package",
                                package.layer, installed->second.grid->name(), grid.name())};
    }
    context.replace.widen_zooms(package.layer, package.min_zoom, package.max_zoom);
    const bool is_alike = is_laid_out_alike(installed->second, package);
    LayerEdit edit{context.replace, context.files, context.depot, context.check_room,
                   package.layer};
    for (const auto& file : package.files) {
        if (is_alike && installed->second.find(file.name) == nullptr) {
            context.replace.add_file(package.layer, file.name, folder / file.name,
                                     context.checkpoint);
            continue;
        }
        sqlite::MbtilesFile tiles{folder / file.name, file.name};
        for (int z = file.min_zoom; z <= file.max_zoom; ++z) {
            tiles.scan(grid, grid.whole(z), [&](const TileKey& key, BytesView content) {
                context.checkpoint();
                edit.put(key, content, existing);
            });
        }
    }
    edit.finish(context.checkpoint);
}

void truncate_layer(const ChangeContext& context, const std::string& layer,
                    const TruncatedTiles& tiles) {
    LayerEdit edit{context.replace, context.files, context.depot, context.check_room, layer};
    const auto manifest = context.replace.next().layers.at(layer);
    for (const auto& file : manifest.files) {
        context.checkpoint();
        truncate_file(edit, manifest, file, tiles);
    }
    edit.finish(context.checkpoint);
}

}  // namespace offgrid
