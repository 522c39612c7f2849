#pragma once

#include "formats/base/bytes.h"
#include "formats/image/encoding.h"
#include "formats/image/image.h"
#include "formats/image/jpeg.h"

#include <memory>

namespace offgrid {

/// Turns images into tiles. The same image gives the same bytes. One thread at a time; owns the
/// codec's memory.
class Encoder {
public:
    /// `quality` is that of JPEG and lossy WebP and counts from 1 to 100; `colour` is that of JPEG.
    Encoder(Encoding encoding, int quality, JpegColour colour = JpegColour::ycbcr_420);
    ~Encoder();
    Encoder(Encoder&&) noexcept;
    Encoder& operator=(Encoder&&) noexcept;
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    /// Throws `io` when the codec fails.
    Bytes encode(const ImageView& image);

private:
    struct Codec;

    Encoding encoding_;
    int quality_;
    JpegColour colour_;
    std::unique_ptr<Codec> codec_;
};

}  // namespace offgrid
