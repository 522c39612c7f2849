#pragma once

#include "formats/tiff/cog_file.h"
#include "formats/tiff/directory_plan.h"

namespace offgrid::tiff {

/// The places of the tiles of an image, as its directory tells them.
struct TileArrays {
    std::uint64_t places = 0;
    DirectoryPlan::Numbers offsets{};
    DirectoryPlan::Numbers sizes{};
};

/// The directory of an image. The first one has where it lies, too.
DirectoryPlan plan_image(const CogContent& content, std::size_t image, const Flavour& flavour,
                         TileArrays arrays);

/// The directory of its mask: one bit a pixel, Compression 8.
DirectoryPlan plan_mask(const CogContent& content, std::size_t image, const Flavour& flavour,
                        TileArrays arrays);

}  // namespace offgrid::tiff
