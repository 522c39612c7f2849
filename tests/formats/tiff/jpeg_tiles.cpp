#include "tests/formats/tiff/jpeg_tiles.h"

#include "formats/image/decode.h"

#include <algorithm>

namespace offgrid::test {
namespace {

constexpr std::uint8_t comment_marker = 0xFE;
constexpr std::size_t longest_comment = 65533;  // a segment counts its length in 16 bits

}  // namespace

Image plain(const Rgb& colour, int size) {
    Image image{size, size};
    for (std::size_t i = 0; i < image.rgba.size(); ++i) {
        image.rgba[i] = i % 4 == 3 ? 255 : colour[i % 4];
    }
    return image;
}

Bytes jpeg_tile(const Rgb& colour, JpegColour layout, int size) {
    return JpegEncoder{}.encode(plain(colour, size), 95, layout);
}

Rgb colour_in(BytesView tile) {
    const auto image = decode_tile(tile);
    const auto* const pixel = image.row(image.height / 2) + 4 * (image.width / 2);
    return {pixel[0], pixel[1], pixel[2]};
}

Bytes jpeg_with_comment(BytesView comment) {
    static const auto tile = jpeg_tile({10, 20, 30});
    Bytes with{tile.begin(), tile.begin() + 2};
    while (!comment.empty()) {
        const auto piece = comment.first(std::min(comment.size(), longest_comment));
        const auto length = piece.size() + 2;
        with.insert(with.end(), {0xFF, comment_marker, static_cast<std::uint8_t>(length >> 8),
                                 static_cast<std::uint8_t>(length)});
        with.insert(with.end(), piece.begin(), piece.end());
        comment = comment.subspan(piece.size());
    }
    with.insert(with.end(), tile.begin() + 2, tile.end());
    return with;
}

Bytes comment_in(BytesView jpeg) {
    Bytes comment;
    for (std::size_t at = 2; jpeg[at] == 0xFF && jpeg[at + 1] == comment_marker;) {
        const std::size_t length = jpeg[at + 2] << 8 | jpeg[at + 3];
        const auto piece = jpeg.subspan(at + 4, length - 2);
        comment.insert(comment.end(), piece.begin(), piece.end());
        at += 2 + length;
    }
    return comment;
}

}  // namespace offgrid::test
