#pragma once

#include "formats/base/bytes.h"
#include "formats/image/image.h"

#include <memory>

namespace offgrid {

/// Writes JPEG (ITU-T T.81), baseline, with colour at half resolution (4:2:0) and Huffman tables
/// made for the image: a fifth smaller than with the standard tables, which the TurboJPEG API
/// always takes. Alpha is ignored.
///
/// Owns the codec's memory. One thread at a time.
class JpegEncoder {
public:
    JpegEncoder();
    ~JpegEncoder();
    JpegEncoder(const JpegEncoder&) = delete;
    JpegEncoder& operator=(const JpegEncoder&) = delete;

    /// `quality` counts from 1 to 100. Throws `io` when the codec fails.
    Bytes encode(const ImageView& image, int quality);

private:
    struct Codec;
    std::unique_ptr<Codec> codec_;
};

}  // namespace offgrid
