#pragma once

#include "formats/tile/grid.h"
#include "pack/gdal_error.h"

#include <memory>
#include <span>
#include <vector>

namespace offgrid::gdal {

/// Points on their way between a source and a grid; the ones that cannot be transformed are marked.
/// A value.
struct Points {
    std::vector<double> x;
    std::vector<double> y;
    std::vector<int> is_valid;

    void add(double point_x, double point_y) {
        x.push_back(point_x);
        y.push_back(point_y);
    }
    std::size_t size() const { return x.size(); }
};

/// Transforms between the pixels of a source and the coordinates of a grid: by geotransform, ground
/// control points or rational polynomials, and PROJ. One thread at a time; the dataset is not owned
/// and outlives it.
class Transform {
public:
    /// Throws `unsupported` naming the source when GDAL finds no way between the two.
    Transform(GDALDataset& dataset, const std::string& name, const Grid& grid);

    /// In place: coordinates of the grid to pixels of the source (the first pixel is [0, 1)).
    void to_source(Points& points) const { run(points, true); }

    /// In place: pixels of the source to coordinates of the grid.
    void to_grid(Points& points) const { run(points, false); }

private:
    struct Destroy {
        void operator()(void* transformer) const noexcept;
    };

    void run(Points& points, bool is_to_source) const;

    std::unique_ptr<void, Destroy> transformer_;
};

}  // namespace offgrid::gdal
