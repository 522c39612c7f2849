#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"

#include <memory>

namespace offgrid {

/// How a JPEG stores colour: luma and chroma, the chroma at half resolution both ways, half the
/// width, or full; or red, green and blue, which takes twice the space (marked as Adobe does).
enum class JpegColour { ycbcr_420, ycbcr_422, ycbcr_444, rgb };

/// Writes JPEG (ITU-T T.81), baseline, with Huffman tables made for the image: a fifth smaller than
/// with the standard tables, which the TurboJPEG API always takes. Alpha is ignored.
///
/// Owns the codec's memory. One thread at a time.
class JpegEncoder {
public:
    JpegEncoder();
    ~JpegEncoder();
    JpegEncoder(const JpegEncoder&) = delete;
    JpegEncoder& operator=(const JpegEncoder&) = delete;

    /// `quality` counts from 1 to 100. Throws `io` when the codec fails.
    Bytes encode(const ImageView& image, int quality, JpegColour colour = JpegColour::ycbcr_420);

private:
    struct Codec;
    std::unique_ptr<Codec> codec_;

    friend Bytes jpeg_tables(int quality);
};

/// The quantisation tables of the quality and the standard Huffman tables, without an image: what a
/// TIFF file keeps apart from its tiles (T.81 B.5, TIFF Technical Note 2).
Bytes jpeg_tables(int quality);

}  // namespace offgrid
