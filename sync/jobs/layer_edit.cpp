#include "sync/jobs/layer_edit.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Where tiles come in an order of other files than ours, they alternate between few of them.
constexpr std::size_t max_open_files = 32;

}  // namespace

LayerEdit::LayerEdit(ReplaceTransaction& replace, FileOps& files, const Depot& depot,
                     const CheckRoom& check_room, std::string layer)
    : replace_{replace},
      files_{files},
      depot_{depot},
      check_room_{check_room},
      layer_{std::move(layer)},
      staging_{replace.work_folder() / layer_} {
    if (!replace_.next().layers.contains(layer_)) {
        throw Error{Errc::not_found, fmt::format("unknown layer '{}'", layer_)};
    }
}

void LayerEdit::put(const TileKey& key, BytesView content, ExistingTile existing) {
    unchecked_bytes_ += content.size();
    if (unchecked_bytes_ >= look_every) {
        check_room_(0);
        unchecked_bytes_ = 0;
    }
    edit(name_of(key)).put(key, content, existing);
}

void LayerEdit::erase(const PackageFile& file, const TileRange& range) {
    edit(file.name).erase(range);
}

void LayerEdit::erase(const PackageFile& file) {
    changed_[file.name] = 0;
}

void LayerEdit::finish(const Checkpoint& checkpoint) {
    close_all();
    for (const auto& [name, tiles] : changed_) {
        checkpoint();
        if (tiles > 0) {
            replace_.add_file(layer_, name, staging_ / name, checkpoint);
        } else if (manifest().find(name) != nullptr) {
            replace_.remove_file(layer_, name);
        }
    }
}

const Manifest& LayerEdit::manifest() const {
    return replace_.next().layers.at(layer_);
}

std::string LayerEdit::name_of(const TileKey& key) const {
    const auto* const pyramids = manifest().pyramids_of(key.z);
    if (pyramids == nullptr) {
        throw Error{Errc::invalid_argument,
                    fmt::format("layer '{}' has no files for zoom {}", layer_, key.z)};
    }
    return PathTemplate{pyramids->names, pyramids->options}.render(*manifest().grid, key,
                                                                   {.tileset = layer_});
}

/// What a new file of the layer says of itself, as `offgrid pack` writes it.
TileFileEdit::Metadata LayerEdit::metadata() const {
    const auto& layer = manifest();
    return {{"name", layer.title.empty() ? layer.layer : layer.title},
            {"format", std::string{extension_of(layer.format.value_or(TileFormat::png))}},
            {"attribution", layer.attribution},
            {"type", layer.format == TileFormat::jpeg ? "baselayer" : "overlay"},
            {"version", "1"}};
}

TileFileEdit& LayerEdit::edit(const std::string& name) {
    const auto found = open_.find(name);
    if (found != open_.end()) {
        return found->second;
    }
    if (open_.size() >= max_open_files) {
        close_all();
    }
    const auto path = staging_ / name;
    const auto* const file = manifest().find(name);
    if (!fs::exists(path)) {
        files_.create_directories(path.parent_path());
        if (file != nullptr) {
            files_.copy_file(depot_.stored_path(layer_, *file), path);
        }
    }
    return open_.try_emplace(name, path, *manifest().grid, metadata()).first->second;
}

void LayerEdit::close_all() {
    for (auto& [name, edit] : open_) {
        if (edit.has_changed()) {
            check_room_(fs::file_size(staging_ / name));
            edit.finish();
            changed_[name] = edit.count();
        }
    }
    open_.clear();
}

}  // namespace offgrid
