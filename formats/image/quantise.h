#pragma once

#include "formats/image/colour_histogram.h"
#include "formats/image/palette_image.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace offgrid {

/// Finds the palette of an image. More colours than it can have are split into boxes, always the
/// one whose colours lie farthest apart at its mean, and the means of the boxes are then moved by
/// k-means. Transparent pixels stay transparent, opaque ones opaque. No dithering: it makes tiles
/// larger, and shows where they meet.
///
/// Only integers decide, and doubles that round alike everywhere: the same image has the same
/// palette on every machine. Owns memory that is used again. One thread at a time.
class Quantiser {
public:
    /// Lossless up to 256 colours. All transparent pixels are one colour.
    PaletteImage quantise(const ImageView& image);

    /// Nothing for an image of more than 256 colours; soon known.
    std::optional<PaletteImage> quantise_exactly(const ImageView& image);

private:
    /// A coordinate: premultiplied with alpha, in quarters of a level.
    using Colour = std::array<std::int16_t, 4>;

    /// Only colours of one kind share a colour of the palette.
    enum class Kind : std::uint8_t { transparent, translucent, opaque };

    /// A bin of the histogram.
    struct Point {
        Colour at{};
        Kind kind = Kind::opaque;
        std::uint16_t bin = 0;
        std::uint32_t pixels = 0;
    };

    /// Points that share a colour of the palette.
    struct Box {
        std::size_t begin = 0;
        std::size_t end = 0;
        Kind kind = Kind::opaque;
        Colour mean{};
        std::size_t axis = 0;  ///< along which they lie farthest apart
        double spread = 0;     ///< there: the sum of their squared distances from the mean
    };

    void place_points();
    PaletteImage with_colours(const ImageView& image,
                              std::vector<std::array<std::uint8_t, 4>> colours) const;
    Box box_around(std::size_t begin, std::size_t end) const;
    void split_boxes();
    void move_means();

    ColourHistogram histogram_;
    std::vector<Point> points_;  ///< by kind
    std::vector<Box> boxes_;     ///< by kind
    std::vector<std::uint8_t> colour_of_bin_;
};

}  // namespace offgrid
