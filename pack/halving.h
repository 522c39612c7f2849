#pragma once

#include "formats/image/image.h"
#include "formats/image/resampling.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace offgrid {

/// Pixels, and on all four sides `frame` more, which are there to make others from. A value.
struct Framed {
    Image pixels;
    int frame = 0;

    ImageView inner() const {
        return ImageView{pixels}.part(frame, frame, pixels.width - 2 * frame,
                                      pixels.height - 2 * frame);
    }
};

/// Makes overviews: images at half size. Immutable; safe for concurrent use by multiple threads.
///
/// `bilinear` and `average`: the mean of four, weighted by alpha; `nearest` and `mode`: one of
/// four. `cubic` and `lanczos` take neighbours beyond the four, which an image has in its frame:
/// what is made does not depend on how the world is cut into blocks. With all, a pixel shows as
/// much as its four do: kernels weigh colours only, so that no layer grows beyond its edge.
class Halving {
public:
    explicit Halving(Resampling resampling, Light light = Light::encoded);

    /// The frame with which an image can be halved that often: a multiple of 32, or 0 where no
    /// pixel needs more than its four.
    int frame_for(int levels) const;

    /// Halve the image and what its frame suffices for. REQUIRES: even width and height within the
    /// frame; a frame that is enough.
    Framed halved(const Framed& framed) const;

    /// Halve an image of which the neighbours are not known: `cubic` and `lanczos` take the mean.
    /// REQUIRES: even width and height.
    Image halved(const ImageView& image) const;

private:
    Image linear_mean(const ImageView& image) const;
    Framed by_kernel(const Framed& framed) const;
    void across(const std::uint8_t* row, int first, std::vector<float>& line,
                std::span<float> out) const;
    void finish(const float* sum, const std::uint8_t* upper, const std::uint8_t* lower,
                std::uint8_t* out) const;
    std::uint8_t encoded(float light) const;

    Resampling resampling_;
    Light light_;
    int reach_ = 0;               // pixels beyond the two, on each side, that count
    std::vector<float> weights_;  // of 2 * reach_ + 2 neighbours, along one axis
    float most_ = 255;            // what 255 stands for in `light_of_`
    std::array<float, 256> light_of_{};
    std::vector<std::uint8_t> code_of_;  // of light from 0 to 65535; empty: light is encoded
};

}  // namespace offgrid
