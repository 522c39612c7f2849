#include "formats/base/error.h"
#include "formats/image/decode.h"
#include "formats/image/decode_rows.h"

#include <spng.h>

#include <memory>

namespace offgrid {
namespace {

struct FreeDecoder {
    void operator()(spng_ctx* decoder) const noexcept { spng_ctx_free(decoder); }
};

/// More than the metadata of any tile takes.
constexpr std::size_t max_chunk_bytes = 16 << 20;

void check_code(int code, int max_side) {
    if (code == SPNG_EUSER_WIDTH || code == SPNG_EUSER_HEIGHT) {
        throw Error{Errc::too_large,
                    fmt::format("cannot decode PNG: more than {} pixels across", max_side)};
    }
    if (code == SPNG_EMEM) {
        throw Error{Errc::io, "cannot decode PNG: out of memory"};
    }
    if (code != SPNG_OK) {
        throw Error{Errc::corrupt, fmt::format("cannot decode PNG: {}", spng_strerror(code))};
    }
}

}  // namespace

std::optional<Image> decode_png(BytesView tile, GoesOn goes_on, int max_side) {
    const auto check = [max_side](int code) { check_code(code, max_side); };
    const std::unique_ptr<spng_ctx, FreeDecoder> decoder{spng_ctx_new(0)};
    if (!decoder) {
        throw Error{Errc::io, "cannot decode PNG: out of memory"};
    }
    const auto most = static_cast<std::uint32_t>(max_side);
    check(spng_set_image_limits(decoder.get(), most, most));
    check(spng_set_chunk_limits(decoder.get(), max_chunk_bytes, max_chunk_bytes));
    check(spng_set_png_buffer(decoder.get(), tile.data(), tile.size()));
    spng_ihdr header{};
    check(spng_get_ihdr(decoder.get(), &header));
    Image image{static_cast<int>(header.width), static_cast<int>(header.height)};
    if (header.interlace_method != SPNG_INTERLACE_NONE) {
        // Every row is incomplete until the last pass.
        check(spng_decode_image(decoder.get(), image.rgba.data(), image.rgba.size(), SPNG_FMT_RGBA8,
                                SPNG_DECODE_TRNS));
        check(spng_decode_chunks(decoder.get()));
        for (int y = 0; goes_on != nullptr && y < image.height; ++y) {
            if (!goes_on(image, y)) {
                return std::nullopt;
            }
        }
        return image;
    }
    check(spng_decode_image(decoder.get(), nullptr, 0, SPNG_FMT_RGBA8,
                            SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE));
    for (int y = 0; y < image.height; ++y) {
        const int code = spng_decode_row(decoder.get(), image.row(y), image.stride());
        const bool is_end = code == SPNG_EOI && y + 1 == image.height;
        check(is_end ? SPNG_OK : code);
        if (goes_on != nullptr && !goes_on(image, y)) {
            return std::nullopt;
        }
    }
    check(spng_decode_chunks(decoder.get()));  // up to IEND, without which the file is cut off
    return image;
}

}  // namespace offgrid
