#pragma once

#include "formats/image/encode.h"
#include "formats/tiff/tiff_file.h"

#include <map>
#include <optional>

namespace offgrid::tiff {

/// Makes tiles what a file can hold. A JPEG of the right size, colour and sampling that has all its
/// tables is copied byte for byte; anything else is decoded and encoded. One thread at a time.
class TileFitter {
public:
    /// `quality` counts from 1 to 100.
    explicit TileFitter(int quality) : quality_{quality} {}

    static bool fits(BytesView tile, const ImageLayout& image);

    /// The image without size whose tiles are like this one, so that it can be copied; nothing when
    /// it must be encoded.
    static std::optional<ImageLayout> kind_of(BytesView tile);

    /// Whether `fit` can encode tiles for the image.
    static bool can_encode(const ImageLayout& image);

    /// Throws what decoding throws, `invalid_argument` for a tile of another size, `unsupported`
    /// for a file whose kind is only read.
    Bytes fit(BytesView tile, const ImageLayout& image);

    /// The sampling of a new file in YCbCr whose first tile this is: its own, if it is such a JPEG,
    /// so that it can be copied, else 2 by 2.
    static void set_sampling(ImageLayout& image, BytesView first_tile);

private:
    Encoder& encoder(JpegColour colour);

    int quality_;
    std::map<JpegColour, Encoder> encoders_;
};

}  // namespace offgrid::tiff
