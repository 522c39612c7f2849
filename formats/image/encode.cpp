#include "formats/image/encode.h"

#include "formats/image/jpeg.h"
#include "formats/image/png.h"
#include "formats/image/quantise.h"
#include "formats/image/webp.h"

#include <cassert>

namespace offgrid {
namespace {

/// The image on white, as JPEG shows it.
Image on_white(const ImageView& image) {
    Image flat{image.width, image.height};
    for (int y = 0; y < image.height; ++y) {
        const auto* from = image.row(y);
        auto* to = flat.row(y);
        for (int x = 0; x < image.width; ++x, from += 4, to += 4) {
            const unsigned alpha = from[3];
            for (int c = 0; c < 3; ++c) {
                to[c] =
                    static_cast<std::uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
            }
            to[3] = 255;
        }
    }
    return flat;
}

}  // namespace

struct Encoder::Codec {
    std::unique_ptr<JpegEncoder> jpeg;
    std::unique_ptr<PngEncoder> png;
    std::unique_ptr<Quantiser> quantiser;

    Bytes encode_jpeg(const ImageView& image, int quality, JpegColour colour) {
        return made(jpeg).encode(image, quality, colour);
    }

    /// With a palette where the colours suffice and it is smaller: it mostly is, but for soft
    /// shades.
    Bytes encode_png(const ImageView& image, Coverage coverage) {
        auto content = made(png).encode(image, coverage);
        if (const auto exact = made(quantiser).quantise_exactly(image)) {
            auto smaller = png->encode(*exact);
            return smaller.size() < content.size() ? smaller : content;
        }
        return content;
    }

    Bytes encode_png8(const ImageView& image) {
        return made(png).encode(made(quantiser).quantise(image));
    }

private:
    /// The part, made when it is needed first.
    template <typename Part>
    static Part& made(std::unique_ptr<Part>& part) {
        if (!part) {
            part = std::make_unique<Part>();
        }
        return *part;
    }
};

Encoder::Encoder(Encoding encoding, int quality, JpegColour colour)
    : encoding_{encoding}, quality_{quality}, colour_{colour}, codec_{std::make_unique<Codec>()} {
    assert(quality >= 1 && quality <= 100);
}

Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

Bytes Encoder::encode(const ImageView& image) {
    const auto coverage = coverage_of(image);
    switch (encoding_) {
        case Encoding::png:
            return codec_->encode_png(image, coverage);
        case Encoding::png8:
            return codec_->encode_png8(image);
        case Encoding::webp:
            return encode_webp(image, coverage, quality_);
        case Encoding::webp_lossless:
            return encode_lossless_webp(image, coverage);
        case Encoding::mixed:
            if (coverage != Coverage::full) {
                return codec_->encode_png(image, coverage);
            }
            break;
        case Encoding::jpeg:
            break;
    }
    if (coverage == Coverage::full) {
        return codec_->encode_jpeg(image, quality_, colour_);
    }
    return codec_->encode_jpeg(on_white(image), quality_, colour_);
}

}  // namespace offgrid
