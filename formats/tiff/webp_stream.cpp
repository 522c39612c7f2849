#include "formats/tiff/webp_stream.h"

#include <string_view>

namespace offgrid::tiff {
namespace {

constexpr std::size_t chunk_at = 12;
constexpr std::size_t body_at = 20;
constexpr std::uint8_t animation_flag = 0x02;

unsigned number(BytesView bytes, std::size_t at, std::size_t size) {
    unsigned value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value |= static_cast<unsigned>(bytes[at + i]) << (8 * i);
    }
    return value;
}

constexpr int low_14_bits(unsigned value) {
    return static_cast<int>(value & 0x3FFF);
}

}  // namespace

std::optional<WebpHeader> read_webp_header(BytesView file) {
    const auto text = as_text(file);
    if (file.size() < body_at + 10 || !text.starts_with("RIFF") || text.substr(8, 4) != "WEBP") {
        return std::nullopt;
    }
    const auto chunk = text.substr(chunk_at, 4);
    if (chunk == "VP8 " && text.substr(body_at + 3, 3) == "\x9D\x01\x2A") {
        return WebpHeader{low_14_bits(number(file, body_at + 6, 2)),
                          low_14_bits(number(file, body_at + 8, 2))};
    }
    if (chunk == "VP8L" && file[body_at] == 0x2F) {
        const auto bits = number(file, body_at + 1, 4);
        return WebpHeader{low_14_bits(bits) + 1, low_14_bits(bits >> 14) + 1};
    }
    if (chunk == "VP8X") {
        return WebpHeader{static_cast<int>(number(file, body_at + 4, 3)) + 1,
                          static_cast<int>(number(file, body_at + 7, 3)) + 1,
                          (file[body_at] & animation_flag) != 0};
    }
    return std::nullopt;
}

}  // namespace offgrid::tiff
