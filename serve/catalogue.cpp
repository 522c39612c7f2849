#include "serve/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace offgrid {
namespace {

/// The grids that layers are in, each under a name of its own.
class MatrixSetNames {
public:
    /// The place of the grid's matrix set in `sets`.
    std::size_t place_of(const GridRef& grid) {
        auto& namesakes = by_name_[grid->name()];
        const auto known = std::ranges::find_if(
            namesakes, [&](std::size_t place) { return is_in(grid, sets_[place]); });
        if (known != namesakes.end()) {
            auto& set = sets_[*known];
            if (grid->levels() > set.grid->levels()) {
                set.grid = grid;
            }
            return *known;
        }
        sets_.push_back({.id = free_id(grid->name(), namesakes.size() + 1), .grid = grid});
        ids_.emplace(sets_.back().id, sets_.size() - 1);
        namesakes.push_back(sets_.size() - 1);
        return sets_.size() - 1;
    }

    std::vector<Catalogue::MatrixSet> take() { return std::move(sets_); }

private:
    static bool is_in(const GridRef& grid, const Catalogue::MatrixSet& set) {
        return grid.get() == set.grid.get() ||
               (grid->srs() == set.grid->srs() && have_the_same_tiles(*grid, *set.grid));
    }

    /// A grid may itself be called `NAME-2`.
    std::string free_id(const std::string& name, std::size_t count) const {
        auto id = count == 1 ? name : fmt::format("{}-{}", name, count);
        while (ids_.contains(id)) {
            id = fmt::format("{}-{}", name, ++count);
        }
        return id;
    }

    std::vector<Catalogue::MatrixSet> sets_;
    std::map<std::string, std::vector<std::size_t>> by_name_;
    std::map<std::string, std::size_t> ids_;
};

bool holds(const Catalogue::Entry& entry, const Layer& layer) {
    return std::ranges::any_of(entry.tilesets, [&](const Catalogue::Tileset& tileset) {
        return tileset.layer->tiles == layer.tiles;
    });
}

}  // namespace

Catalogue::Catalogue(const std::vector<Layer>& layers) {
    MatrixSetNames names;
    std::vector<std::pair<const Layer*, std::size_t>> placed;
    placed.reserve(layers.size());
    for (const auto& layer : layers) {
        placed.emplace_back(&layer, names.place_of(layer.info().grid));
    }
    matrix_sets_ = names.take();  // stays where it is from here on

    std::map<std::string_view, Entry> entries;
    for (const auto& [layer, place] : placed) {
        auto& entry = entries[layer->layer_name()];
        if (!holds(entry, *layer)) {
            entry.tilesets.push_back({.layer = layer, .matrix_set = &matrix_sets_[place]});
        }
    }
    layers_.reserve(entries.size());
    for (auto& [name, entry] : entries) {
        entry.name = name;
        layers_.push_back(std::move(entry));
    }
}

const Catalogue::Entry* Catalogue::find_layer(std::string_view name) const {
    const auto found = std::ranges::lower_bound(layers_, name, {}, &Entry::name);
    return found == layers_.end() || found->name != name ? nullptr : &*found;
}

const Catalogue::MatrixSet* Catalogue::find_matrix_set(std::string_view id) const {
    const auto found = std::ranges::find(matrix_sets_, id, &MatrixSet::id);
    return found == matrix_sets_.end() ? nullptr : &*found;
}

}  // namespace offgrid
