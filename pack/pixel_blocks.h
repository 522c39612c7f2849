#pragma once

#include "formats/base/bytes.h"

#include <cstddef>
#include <memory>

namespace offgrid {

/// A raster that is had block by block. Safe for concurrent use.
class PixelBlocks {
public:
    struct Shape {
        int width = 0;  ///< pixels
        int height = 0;
        int block_width = 0;
        int block_height = 0;
        std::size_t pixel_bytes = 4;  ///< of all bands together

        std::size_t block_bytes() const {
            return pixel_bytes * static_cast<std::size_t>(block_width) *
                   static_cast<std::size_t>(block_height);
        }
    };

    /// The samples of a block, pixel by pixel, row by row; null: there is nothing, all are 0.
    using Block = std::shared_ptr<const Bytes>;

    virtual ~PixelBlocks() = default;
    PixelBlocks(const PixelBlocks&) = delete;
    PixelBlocks& operator=(const PixelBlocks&) = delete;

    virtual const Shape& shape() const = 0;

    /// The block in that column and row: whole, also where the raster ends within it. Throws an
    /// Error that names the block, where it cannot be had. REQUIRES: the raster has it.
    virtual Block read(int column, int row) const = 0;

protected:
    PixelBlocks() = default;
};

}  // namespace offgrid
