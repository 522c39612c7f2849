#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace offgrid {

/// Pixels in memory: 8 bits each of red, green, blue and alpha, not premultiplied; rows from the
/// top without gaps. Where alpha is 0 the colour means nothing. A value.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgba;

    Image() = default;
    /// All transparent.
    Image(int width_px, int height_px)
        : width{width_px},
          height{height_px},
          rgba(4 * static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px)) {}

    std::size_t stride() const { return 4 * static_cast<std::size_t>(width); }
    std::uint8_t* row(int y) { return rgba.data() + stride() * static_cast<std::size_t>(y); }
    const std::uint8_t* row(int y) const {
        return rgba.data() + stride() * static_cast<std::size_t>(y);
    }
};

/// A rectangle of the pixels of an Image, borrowed for the length of a call.
struct ImageView {
    const std::uint8_t* first = nullptr;  ///< the pixel at the top left
    int width = 0;
    int height = 0;
    std::size_t stride = 0;  ///< bytes from a row to the next

    ImageView() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a whole image is a view of itself.
    ImageView(const Image& image)
        : first{image.rgba.data()},
          width{image.width},
          height{image.height},
          stride{image.stride()} {}

    const std::uint8_t* row(int y) const { return first + stride * static_cast<std::size_t>(y); }

    /// REQUIRES: the rectangle lies within this view.
    ImageView part(int x, int y, int part_width, int part_height) const {
        ImageView view = *this;
        view.first = row(y) + 4 * static_cast<std::size_t>(x);
        view.width = part_width;
        view.height = part_height;
        return view;
    }
};

/// A copy of the pixels.
Image image_of(const ImageView& view);

/// How much of an image shows.
enum class Coverage { none, partial, full };

Coverage coverage_of(const ImageView& image);

/// Whether all pixels are the same, colour and alpha.
bool is_uniform(const ImageView& image);

/// The image at half size: each pixel the mean of two by two, weighted by alpha.
/// REQUIRES: even width and height.
Image halved(const ImageView& image);

}  // namespace offgrid
