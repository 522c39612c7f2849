#include "formats/tiff/tile_fitter.h"

#include "formats/base/error.h"
#include "formats/image/decode.h"
#include "formats/tiff/jpeg_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace offgrid::tiff {
namespace {

/// Whether only the first component may be sampled more densely, as TIFF can say it.
bool has_plain_chroma(const JpegHeader& jpeg) {
    return std::ranges::all_of(jpeg.components().subspan(1), [](const auto& component) {
        return component.width_factor == 1 && component.height_factor == 1;
    });
}

/// Of three components.
bool is_ycbcr(const JpegHeader& jpeg) {
    return jpeg.component_count == 3 && !jpeg.is_rgb() && has_plain_chroma(jpeg);
}

/// How tiles of a file are encoded; nothing when they only can be read.
std::optional<JpegColour> colour_of(const ImageLayout& image) {
    if (image.samples != 3) {
        return std::nullopt;
    }
    if (image.photometric == photometric_rgb) {
        return JpegColour::rgb;
    }
    if (image.chroma_width_factor == 1 && image.chroma_height_factor == 1) {
        return JpegColour::ycbcr_444;
    }
    if (image.chroma_width_factor == 2 && image.chroma_height_factor <= 2) {
        return image.chroma_height_factor == 2 ? JpegColour::ycbcr_420 : JpegColour::ycbcr_422;
    }
    return std::nullopt;
}

}  // namespace

bool TileFitter::fits(BytesView tile, const ImageLayout& image) {
    const auto jpeg = read_jpeg_header(tile);
    if (!jpeg || !jpeg->is_baseline || !jpeg->has_one_scan || !jpeg->is_self_contained ||
        static_cast<std::uint64_t>(jpeg->width) != image.tile_size ||
        static_cast<std::uint64_t>(jpeg->height) != image.tile_size ||
        jpeg->component_count != image.samples || !has_plain_chroma(*jpeg)) {
        return false;
    }
    const auto& first = jpeg->components().front();
    if (image.photometric == photometric_ycbcr) {
        return is_ycbcr(*jpeg) && first.width_factor == image.chroma_width_factor &&
               first.height_factor == image.chroma_height_factor;
    }
    const bool is_plain = first.width_factor == 1 && first.height_factor == 1;
    return is_plain && (image.photometric == photometric_grey || jpeg->is_rgb());
}

std::optional<ImageLayout> TileFitter::kind_of(BytesView tile) {
    const auto jpeg = read_jpeg_header(tile);
    if (!jpeg || (jpeg->component_count != 1 && jpeg->component_count != 3)) {
        return std::nullopt;
    }
    ImageLayout image{.tile_size = static_cast<std::uint64_t>(jpeg->width),
                      .photometric = jpeg->component_count == 1 ? photometric_grey
                                     : jpeg->is_rgb()           ? photometric_rgb
                                                                : photometric_ycbcr,
                      .samples = jpeg->component_count};
    if (image.photometric == photometric_ycbcr) {
        image.chroma_width_factor = jpeg->components().front().width_factor;
        image.chroma_height_factor = jpeg->components().front().height_factor;
    }
    // TIFF 6.0, section 21: 1, 2 or 4, and no more rows than columns.
    const auto [across, down] = std::pair{image.chroma_width_factor, image.chroma_height_factor};
    const bool can_be_said = across != 3 && down != 3 && across <= 4 && down <= across;
    return can_be_said && fits(tile, image) ? std::optional{image} : std::nullopt;
}

bool TileFitter::can_encode(const ImageLayout& image) {
    return colour_of(image).has_value();
}

Bytes TileFitter::fit(BytesView tile, const ImageLayout& image) {
    if (fits(tile, image)) {
        return {tile.begin(), tile.end()};
    }
    const auto colour = colour_of(image);
    if (!colour) {
        throw Error{
            Errc::unsupported,
            fmt::format("the file has {} samples a pixel, chroma {} by {}: only its own "
                        "kind of JPEG can be added",
                        image.samples, image.chroma_width_factor, image.chroma_height_factor)};
    }
    const auto pixels = decode_tile(tile);
    if (static_cast<std::uint64_t>(pixels.width) != image.tile_size ||
        static_cast<std::uint64_t>(pixels.height) != image.tile_size) {
        throw Error{Errc::invalid_argument,
                    fmt::format("the tile is {} by {} pixels, not {}", pixels.width, pixels.height,
                                image.tile_size)};
    }
    return encoder(*colour).encode(pixels);
}

void TileFitter::set_sampling(ImageLayout& image, BytesView first_tile) {
    image.chroma_width_factor = 2;
    image.chroma_height_factor = 2;
    auto own = image;
    const auto jpeg = read_jpeg_header(first_tile);
    if (jpeg && is_ycbcr(*jpeg)) {
        own.chroma_width_factor = jpeg->components().front().width_factor;
        own.chroma_height_factor = jpeg->components().front().height_factor;
        image = colour_of(own) && fits(first_tile, own) ? own : image;
    }
}

Encoder& TileFitter::encoder(JpegColour colour) {
    return encoders_.try_emplace(colour, Encoding::jpeg, quality_, colour).first->second;
}

}  // namespace offgrid::tiff
