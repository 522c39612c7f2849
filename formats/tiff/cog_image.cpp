#include "formats/tiff/cog_image.h"

#include "formats/base/error.h"
#include "formats/tiff/geo_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace offgrid::tiff {
namespace {

constexpr std::uint64_t max_pixels = 1U << 31;
constexpr std::uint64_t max_tables_bytes = 1U << 16;
constexpr std::uint64_t max_geo_numbers = 6000;
constexpr std::uint64_t max_samples = 4;  // that are looked at
constexpr std::uint64_t unsigned_integers = 1;

// Keys of OGC 19-008r4.
constexpr std::uint64_t geodetic_crs = 2048;
constexpr std::uint64_t projected_crs = 3072;
constexpr std::uint64_t user_defined = 32767;

constexpr std::int64_t beyond_every_grid = std::int64_t{1} << 40;

/// The code of the reference system in a GeoKeyDirectory; nothing when it has none.
template <typename Number>
std::optional<std::uint64_t> code_in(const std::vector<Number>& keys) {
    std::optional<std::uint64_t> code;
    for (std::size_t at = 4; at + 4 <= keys.size(); at += 4) {
        const bool is_crs = keys[at] == projected_crs || (keys[at] == geodetic_crs && !code);
        if (is_crs && keys[at + 1] == 0 && keys[at + 3] != user_defined) {
            code = keys[at + 3];
        }
    }
    return code;
}

std::optional<std::int64_t> whole(double number) {
    constexpr double tolerance = 1e-3;  // of a tile
    const auto nearest = std::round(number);
    return std::abs(nearest) < static_cast<double>(beyond_every_grid) &&
                   std::abs(number - nearest) < tolerance
               ? std::optional{static_cast<std::int64_t>(nearest)}
               : std::nullopt;
}

class ImageReader {
public:
    ImageReader(const RandomFile& file, const DirectoryReader& reader, const Grid& grid)
        : file_{file}, reader_{reader}, grid_{grid} {}

    std::vector<CogImage> read() {
        auto directories = reader_.directories();
        std::vector<CogImage> images;
        for (const auto& directory : directories) {
            if (reader_.is_mask(directory)) {
                continue;
            }
            if (images.empty()) {
                images.push_back(read_full(directory));
            } else if (reader_.is_reduced(directory)) {
                add_overview(images, directory);
            }
        }
        if (images.empty()) {
            throw Error{Errc::corrupt, fmt::format("{} has no image", file_.path())};
        }
        return images;
    }

private:
    [[noreturn]] void refuse(const std::string& what) const {
        throw Error{Errc::unsupported, fmt::format("{} has no tiles of the grid '{}': {}",
                                                   file_.path(), grid_.name(), what)};
    }

    std::uint64_t number(const Directory& directory, Tag tag,
                         std::optional<std::uint64_t> missing = std::nullopt) const {
        const auto* const entry = directory.find(tag);
        if (entry != nullptr && entry->count > 0) {
            return reader_.number(*entry, 0);
        }
        if (missing) {
            return *missing;
        }
        throw Error{Errc::corrupt,
                    fmt::format("{} has no tag {}", file_.path(), static_cast<int>(tag))};
    }

    /// Whether a tag with a value for each sample has this one throughout.
    bool all_are(const Directory& directory, Tag tag, std::uint64_t value,
                 std::uint64_t missing) const {
        const auto* const entry = directory.find(tag);
        if (entry == nullptr || entry->count == 0) {
            return missing == value;
        }
        for (std::uint64_t i = 0; i < std::min(entry->count, max_samples); ++i) {
            if (reader_.number(*entry, i) != value) {
                return false;
            }
        }
        return true;
    }

    std::vector<double> reals(const Directory& directory, Tag tag, std::size_t least) const {
        const auto* const entry = directory.find(tag);
        if (entry == nullptr || entry->count < least || entry->count > max_geo_numbers) {
            refuse("it does not say where it lies");
        }
        return reader_.reals(*entry);
    }

    CogImage read_full(const Directory& directory) {
        check_reference_system(directory);
        const auto scale = reals(directory, Tag::model_pixel_scale, 2);
        const auto tie = reals(directory, Tag::model_tie_point, 6);
        resolution_ = scale[0];
        if (!(resolution_ > 0) || std::abs(scale[1] - resolution_) > 1e-6 * resolution_) {
            refuse(fmt::format("its pixels are {} by {} units", scale[0], scale[1]));
        }
        west_ = tie[3] - tie[0] * resolution_;
        north_ = tie[4] + tie[1] * resolution_;
        width_ = number(directory, Tag::image_width);
        height_ = number(directory, Tag::image_height);
        if (width_ == 0 || height_ == 0 || width_ > max_pixels || height_ > max_pixels) {
            throw Error{Errc::corrupt,
                        fmt::format("{} is {} by {} pixels", file_.path(), width_, height_)};
        }
        const auto range = range_of(directory, 1);
        if (!range) {
            refuse(fmt::format("{} by {} pixels of {} units from {}, {} are no whole tiles of it",
                               width_, height_, resolution_, west_, north_));
        }
        return read_image(directory, *range);
    }

    void add_overview(std::vector<CogImage>& images, const Directory& directory) const {
        const auto width = number(directory, Tag::image_width);
        const auto height = number(directory, Tag::image_height);
        if (width == 0 || height == 0 || width_ % width != 0 ||
            height_ / height != width_ / width || height_ % height != 0) {
            return;  // of another size
        }
        const auto range = range_of(directory, width_ / width);
        if (range && range->z < images.back().range.z) {
            images.push_back(read_image(directory, *range));
        }
    }

    void check_reference_system(const Directory& directory) const {
        const auto* const entry = directory.find(Tag::geo_key_directory);
        if (entry == nullptr || entry->count > max_geo_numbers) {
            return;
        }
        const auto code = code_in(reader_.numbers(*entry));
        const auto wanted = code_in(geo_keys_of(grid_).directory);
        if (code && wanted && *code != *wanted) {
            refuse(fmt::format("it is in EPSG:{}, not in EPSG:{}", *code, *wanted));
        }
    }

    /// Which tiles an image has of which a pixel is `ratio` of the full image; nothing where these
    /// are no whole tiles.
    std::optional<TileRange> range_of(const Directory& directory, std::uint64_t ratio) const {
        const auto resolution = resolution_ * static_cast<double>(ratio);
        const auto tile = static_cast<std::uint64_t>(grid_.tile_size());
        const int z = grid_.nearest_zoom(resolution);
        const auto across = width_ / ratio / tile;
        const auto down = height_ / ratio / tile;
        const auto drift = std::abs(grid_.resolution(z) / resolution - 1) *
                           static_cast<double>(std::max(across, down));
        if (number(directory, Tag::tile_width, 0) != tile ||
            number(directory, Tag::tile_height, 0) != tile || across * tile * ratio != width_ ||
            down * tile * ratio != height_ || drift > 1e-3) {
            return std::nullopt;
        }
        const auto corner = grid_.box_of(grid_.whole(z));
        const auto span = grid_.resolution(z) * grid_.tile_size();
        const auto x = whole((west_ - corner.min_x) / span);
        const auto y = whole((corner.max_y - north_) / span);
        if (!x || !y) {
            return std::nullopt;
        }
        return TileRange{z, *x, *y, *x + static_cast<std::int64_t>(across),
                         *y + static_cast<std::int64_t>(down)};
    }

    CogImage read_image(const Directory& directory, const TileRange& range) const {
        CogImage image{.range = range,
                       .compression = number(directory, Tag::compression, 1),
                       .photometric = number(directory, Tag::photometric),
                       .samples = number(directory, Tag::samples_per_pixel, 1),
                       .predictor = number(directory, Tag::predictor, 1)};
        if (!all_are(directory, Tag::bits_per_sample, 8, 1) ||
            !all_are(directory, Tag::sample_format, unsigned_integers, unsigned_integers) ||
            number(directory, Tag::planar_configuration, contiguous) != contiguous) {
            refuse("its samples are not numbers of 8 bits without a sign, pixel by pixel");
        }
        const auto* const extra = directory.find(Tag::extra_samples);
        image.has_alpha = extra != nullptr && extra->count == 1 &&
                          reader_.number(*extra, 0) == unassociated_alpha;
        const auto* const offsets = directory.find(Tag::tile_offsets);
        const auto* const sizes = directory.find(Tag::tile_byte_counts);
        const auto places = static_cast<std::uint64_t>(range.count());
        if (offsets == nullptr || sizes == nullptr || offsets->count < places ||
            sizes->count < places) {
            throw Error{Errc::corrupt, fmt::format("{} does not say where its {} tiles are",
                                                   file_.path(), places)};
        }
        image.offsets = *offsets;
        image.sizes = *sizes;
        if (const auto* const tables = directory.find(Tag::jpeg_tables)) {
            if (tables->count > max_tables_bytes) {
                throw Error{Errc::corrupt, fmt::format("{} has JPEGTables of {} bytes",
                                                       file_.path(), tables->count)};
            }
            image.jpeg_tables = reader_.values(*tables);
        }
        return image;
    }

    const RandomFile& file_;
    const DirectoryReader& reader_;
    const Grid& grid_;
    double resolution_ = 0;  // of the full image, as all below
    double west_ = 0;
    double north_ = 0;
    std::uint64_t width_ = 0;
    std::uint64_t height_ = 0;
};

}  // namespace

std::vector<CogImage> read_cog_images(const RandomFile& file, const DirectoryReader& reader,
                                      const Grid& grid) {
    return ImageReader{file, reader, grid}.read();
}

}  // namespace offgrid::tiff
