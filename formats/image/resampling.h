#pragma once

#include <map>
#include <string>

namespace offgrid {

/// How a pixel of the grid is made of the pixels of a source around it, and a pixel of an overview
/// of those below it. The names and kernels are those of gdalwarp.
enum class Resampling {
    nearest,   ///< the one at that place; of four the north-west one
    bilinear,  ///< by distance, two by two; overviews are means
    cubic,     ///< by a curve through them, four by four (Keys, a = -0.5)
    lanczos,   ///< by a windowed sinc, six by six
    average,   ///< by the area that each shares with the pixel
    mode,      ///< the most frequent one; of equals the first, row by row
};

/// All, by their words on the command line.
const std::map<std::string, Resampling>& resamplings();

/// Whether each pixel is one of the source's: values that are names of classes stay what they are.
constexpr bool keeps_values(Resampling resampling) {
    return resampling == Resampling::nearest || resampling == Resampling::mode;
}

/// Whether a pixel of an overview is made of more than the four below it.
constexpr bool takes_neighbours(Resampling resampling) {
    return resampling == Resampling::cubic || resampling == Resampling::lanczos;
}

/// What is averaged in overviews.
enum class Light {
    encoded,  ///< the values as they are stored
    linear,   ///< the light that they stand for, by the curve of sRGB (IEC 61966-2-1)
};

}  // namespace offgrid
