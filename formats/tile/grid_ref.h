#pragma once

#include "formats/tile/grid.h"

#include <memory>
#include <utility>

namespace offgrid {

/// The grid that a value such as a manifest is in: borrowed from who outlives everybody, as
/// built-in grids and those of a configuration do, or owned together with all copies. Never null.
/// Copies are cheap; two are equal when their grids say the same. Safe for concurrent use.
class GridRef {
public:
    /// A grid that outlives all copies.
    GridRef(const Grid* borrowed)  // NOLINT(google-explicit-constructor): looks like what it is
        : grid_{std::shared_ptr<const Grid>{}, borrowed} {}

    /// A grid that goes with the last copy.
    explicit GridRef(Grid owned) : grid_{std::make_shared<const Grid>(std::move(owned))} {}

    const Grid& operator*() const { return *grid_; }
    const Grid* operator->() const { return grid_.get(); }
    const Grid* get() const { return grid_.get(); }

    friend bool operator==(const GridRef& one, const GridRef& other) {
        return one.grid_ == other.grid_ || *one == *other;
    }

private:
    std::shared_ptr<const Grid> grid_;
};

}  // namespace offgrid
