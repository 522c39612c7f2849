#pragma once

#include "serve/layer_set.h"

#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// What services list: layers with their tilesets, and the tile matrix sets that these are in.
///
/// A layer of a configuration is one entry here and several of a LayerSet, one for each of its
/// grids and formats. Matrix sets are called as their grids, as long as that is one thing: of two
/// grids with one name and other tiles, the second is called `NAME-2`. Immutable; safe for
/// concurrent use. Borrows the layers.
class Catalogue {
public:
    struct MatrixSet {
        std::string id{};
        GridRef grid = &Grid::google_maps_compatible();
    };

    struct Tileset {
        const Layer* layer = nullptr;           ///< never null
        const MatrixSet* matrix_set = nullptr;  ///< never null
    };

    struct Entry {
        std::string name{};
        std::vector<Tileset> tilesets{};  ///< at least one; of each store once
    };

    /// `layers` in the order of their ids; they outlive the catalogue.
    explicit Catalogue(const std::vector<Layer>& layers);
    ~Catalogue() = default;
    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;

    /// In the order of their names.
    const std::vector<Entry>& layers() const { return layers_; }

    /// In the order of the layers that are in them first.
    const std::vector<MatrixSet>& matrix_sets() const { return matrix_sets_; }

    /// The entry or matrix set of that name; null when there is none.
    const Entry* find_layer(std::string_view name) const;
    const MatrixSet* find_matrix_set(std::string_view id) const;

private:
    std::vector<MatrixSet> matrix_sets_;
    std::vector<Entry> layers_;
};

}  // namespace offgrid
