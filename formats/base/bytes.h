#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace offgrid {

/// Encoded content that is owned: a tile, a file read into memory.
using Bytes = std::vector<std::uint8_t>;

/// Encoded content that is borrowed for the length of a call.
using BytesView = std::span<const std::uint8_t>;

/// The bytes of a text, borrowed.
inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The text in the bytes, borrowed.
inline std::string_view as_text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace offgrid
