#include "pack/gdal_blocks.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace offgrid::gdal {
namespace {

/// What a caller of RasterIO wants: pixels one to one, into memory.
struct Target {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    std::byte* first = nullptr;
    GDALDataType type = GDT_Byte;
    std::span<const int> bands{};
    GSpacing pixel_space = 0;
    GSpacing line_space = 0;
    GSpacing band_space = 0;
};

class BlockDataset;

class BlockBand final : public GDALRasterBand {
public:
    BlockBand(BlockDataset& dataset, int number);

    CPLErr IReadBlock(int column, int row, void* data) override;
    GDALColorInterp GetColorInterpretation() override { return described().meaning; }
    GDALColorTable* GetColorTable() override {
        // GDAL's interface is not const; nobody here changes what it returns.
        return const_cast<GDALColorTable*>(described().palette.get());
    }
    double GetNoDataValue(int* is_there) override {
        if (is_there != nullptr) {
            *is_there = described().nodata ? TRUE : FALSE;
        }
        return described().nodata.value_or(0);
    }
    CPLErr IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data,
                     int buffer_width, int buffer_height, GDALDataType type, GSpacing pixel_space,
                     GSpacing line_space, GDALRasterIOExtraArg* extra) override;

private:
    const BlockRaster::Band& described() const;
    BlockDataset& owner() const;
};

class BlockDataset final : public GDALDataset {
public:
    BlockDataset(std::shared_ptr<const BlockRaster> raster, BlockCache& cache)
        : raster_{std::move(raster)}, cache_{cache} {
        nRasterXSize = raster_->blocks->shape().width;
        nRasterYSize = raster_->blocks->shape().height;
        eAccess = GA_ReadOnly;
        for (int number = 1; number <= static_cast<int>(raster_->bands.size()); ++number) {
            SetBand(number, new BlockBand{*this, number});  // owned by the dataset
        }
    }

    const BlockRaster& raster() const { return *raster_; }
    const PixelBlocks::Shape& shape() const { return raster_->blocks->shape(); }

    CPLErr GetGeoTransform(double* geotransform) override {
        std::ranges::copy(raster_->geotransform, geotransform);
        return CE_None;
    }
    const OGRSpatialReference* GetSpatialRef() const override { return &raster_->crs; }

    /// One block's samples of one band.
    CPLErr read_block(int column, int row, int band, void* data);

    /// Pixels one to one.
    CPLErr read(const Target& target);

    CPLErr IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data,
                     int buffer_width, int buffer_height, GDALDataType type, int band_count,
                     int* bands, GSpacing pixel_space, GSpacing line_space, GSpacing band_space,
                     GDALRasterIOExtraArg* extra) override;

private:
    PixelBlocks::Block block(int column, int row) {
        auto read = cache_.get(*raster_->blocks, column, row);
        if (!read) {
            if (!empty_) {
                empty_ = std::make_shared<const Bytes>(shape().block_bytes());
            }
            read = empty_;
        }
        return read;
    }
    void copy(const Bytes& block, int column, int row, const Target& target) const;

    std::shared_ptr<const BlockRaster> raster_;
    BlockCache& cache_;
    PixelBlocks::Block empty_;
};

/// Nothing may be thrown through GDAL: it becomes a message that `Messages` catches.
template <typename Work>
CPLErr guarded(const Work& work) noexcept {
    try {
        work();
        return CE_None;
    } catch (const std::bad_alloc&) {
        CPLError(CE_Failure, CPLE_OutOfMemory, "out of memory");
    } catch (const std::exception& error) {
        CPLError(CE_Failure, CPLE_AppDefined, "%s", error.what());
    }
    return CE_Failure;
}

BlockBand::BlockBand(BlockDataset& dataset, int number) {
    poDS = &dataset;
    nBand = number;
    eDataType = dataset.raster().type;
    eAccess = GA_ReadOnly;
    nBlockXSize = dataset.shape().block_width;
    nBlockYSize = dataset.shape().block_height;
}

BlockDataset& BlockBand::owner() const {
    return static_cast<BlockDataset&>(*poDS);
}

const BlockRaster::Band& BlockBand::described() const {
    return owner().raster().bands[static_cast<std::size_t>(nBand - 1)];
}

CPLErr BlockBand::IReadBlock(int column, int row, void* data) {
    return owner().read_block(column, row, nBand, data);
}

CPLErr BlockBand::IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data,
                            int buffer_width, int buffer_height, GDALDataType type,
                            GSpacing pixel_space, GSpacing line_space,
                            GDALRasterIOExtraArg* extra) {
    if (flag != GF_Read || width != buffer_width || height != buffer_height) {
        return GDALRasterBand::IRasterIO(flag, x, y, width, height, data, buffer_width,
                                         buffer_height, type, pixel_space, line_space, extra);
    }
    return owner().read({.x = x,
                         .y = y,
                         .width = width,
                         .height = height,
                         .first = static_cast<std::byte*>(data),
                         .type = type,
                         .bands = {&nBand, 1},
                         .pixel_space = pixel_space,
                         .line_space = line_space});
}

CPLErr BlockDataset::IRasterIO(GDALRWFlag flag, int x, int y, int width, int height, void* data,
                               int buffer_width, int buffer_height, GDALDataType type,
                               int band_count, int* bands, GSpacing pixel_space,
                               GSpacing line_space, GSpacing band_space,
                               GDALRasterIOExtraArg* extra) {
    if (flag != GF_Read || width != buffer_width || height != buffer_height) {
        return GDALDataset::IRasterIO(flag, x, y, width, height, data, buffer_width, buffer_height,
                                      type, band_count, bands, pixel_space, line_space, band_space,
                                      extra);
    }
    return read({.x = x,
                 .y = y,
                 .width = width,
                 .height = height,
                 .first = static_cast<std::byte*>(data),
                 .type = type,
                 .bands = {bands, static_cast<std::size_t>(band_count)},
                 .pixel_space = pixel_space,
                 .line_space = line_space,
                 .band_space = band_space});
}

CPLErr BlockDataset::read_block(int column, int row, int band, void* data) {
    return guarded([&] {
        const auto pixels = block(column, row);
        const int sample_bytes = GDALGetDataTypeSizeBytes(raster_->type);
        GDALCopyWords64(pixels->data() + (band - 1) * sample_bytes, raster_->type,
                        static_cast<int>(shape().pixel_bytes), data, raster_->type, sample_bytes,
                        static_cast<GPtrDiff_t>(shape().block_width) * shape().block_height);
    });
}

CPLErr BlockDataset::read(const Target& target) {
    return guarded([&] {
        const auto& [width, height] = std::tie(shape().block_width, shape().block_height);
        const int last_row = (target.y + target.height - 1) / height;
        const int last_column = (target.x + target.width - 1) / width;
        for (int row = target.y / height; row <= last_row; ++row) {
            for (int column = target.x / width; column <= last_column; ++column) {
                copy(*block(column, row), column, row, target);
            }
        }
    });
}

/// Copy what the block and the target share.
void BlockDataset::copy(const Bytes& block, int column, int row, const Target& target) const {
    const auto& shape = this->shape();
    const int left = std::max(target.x, column * shape.block_width);
    const int top = std::max(target.y, row * shape.block_height);
    const auto right =
        std::min<std::int64_t>(target.x + target.width, (column + 1LL) * shape.block_width);
    const auto bottom =
        std::min<std::int64_t>(target.y + target.height, (row + 1LL) * shape.block_height);
    const auto pixel_bytes = static_cast<GSpacing>(shape.pixel_bytes);
    const int sample_bytes = GDALGetDataTypeSizeBytes(raster_->type);
    bool is_whole =
        target.type == raster_->type && target.pixel_space == pixel_bytes &&
        target.band_space == sample_bytes &&
        target.bands.size() * static_cast<std::size_t>(sample_bytes) == shape.pixel_bytes;
    for (std::size_t i = 0; i < target.bands.size(); ++i) {
        is_whole = is_whole && target.bands[i] == static_cast<int>(i) + 1;
    }
    for (int y = top; y < bottom; ++y) {
        const auto* const from =
            block.data() +
            pixel_bytes * ((y - row * GSpacing{shape.block_height}) * shape.block_width + left -
                           column * GSpacing{shape.block_width});
        auto* const to = target.first + (y - target.y) * target.line_space +
                         (left - target.x) * target.pixel_space;
        if (is_whole) {
            std::memcpy(to, from, static_cast<std::size_t>((right - left) * pixel_bytes));
            continue;
        }
        for (std::size_t i = 0; i < target.bands.size(); ++i) {
            GDALCopyWords64(from + (target.bands[i] - 1) * sample_bytes, raster_->type,
                            static_cast<int>(pixel_bytes),
                            to + static_cast<GSpacing>(i) * target.band_space, target.type,
                            static_cast<int>(target.pixel_space), right - left);
        }
    }
}

}  // namespace

Dataset open_blocks(std::shared_ptr<const BlockRaster> raster, BlockCache& cache) {
    return Dataset{new BlockDataset{std::move(raster), cache}};
}

}  // namespace offgrid::gdal
