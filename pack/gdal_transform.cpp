#include "pack/gdal_transform.h"

#include <cpl_string.h>
#include <fmt/core.h>
#include <gdal_alg.h>

#include <cmath>

namespace offgrid::gdal {

void Transform::Destroy::operator()(void* transformer) const noexcept {
    GDALDestroyGenImgProjTransformer(transformer);
}

Transform::Transform(GDALDataset& dataset, const std::string& name, const Grid& grid) {
    const Messages messages;
    CPLStringList options;
    options.SetNameValue("DST_SRS", grid.srs().c_str());
    transformer_.reset(GDALCreateGenImgProjTransformer2(&dataset, nullptr, options.List()));
    if (!transformer_) {
        throw messages.error(Errc::unsupported,
                             fmt::format("{}: cannot be transformed to {}", name, grid.srs()));
    }
}

void Transform::run(Points& points, bool is_to_source) const {
    const Messages messages;  // points that fail are marked: what GDAL says of them is not needed
    std::vector<double> heights(points.size(), 0.0);
    points.is_valid.assign(points.size(), 0);
    GDALGenImgProjTransform(transformer_.get(), is_to_source ? TRUE : FALSE,
                            static_cast<int>(points.size()), points.x.data(), points.y.data(),
                            heights.data(), points.is_valid.data());
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!std::isfinite(points.x[i]) || !std::isfinite(points.y[i])) {
            points.is_valid[i] = 0;
        }
    }
}

}  // namespace offgrid::gdal
