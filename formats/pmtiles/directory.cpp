#include "formats/pmtiles/directory.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>

namespace offgrid::pmtiles {
namespace {

Error damaged(std::string_view what) {
    return Error{Errc::corrupt, fmt::format("a directory {}", what)};
}

class VarintReader {
public:
    explicit VarintReader(BytesView rest) : rest_{rest} {}

    std::uint64_t next() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) {
                throw damaged("ends early");
            }
            const std::uint64_t byte = rest_.front();
            rest_ = rest_.subspan(1);
            if (shift == 63 && byte > 1) {
                break;
            }
            value |= (byte & 0x7F) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        throw damaged("has a number of more than 64 bits");
    }

    std::uint32_t next_32() {
        const auto value = next();
        if (value > std::numeric_limits<std::uint32_t>::max()) {
            throw damaged("has a length of more than 32 bits");
        }
        return static_cast<std::uint32_t>(value);
    }

    std::size_t rest_bytes() const { return rest_.size(); }

private:
    BytesView rest_;
};

void append_varint(Bytes& bytes, std::uint64_t value) {
    while (value >= 0x80) {
        bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    bytes.push_back(static_cast<std::uint8_t>(value));
}

/// `next_id` is the first that the entry may have, and then the first of the next one.
void check_ids(const Entry& entry, std::uint64_t& next_id, const DirectoryLimits& limits) {
    if (entry.tile_id < next_id) {
        throw damaged("has entries that overlap or leave its part of the tiles");
    }
    const std::uint64_t tiles = std::max<std::uint32_t>(entry.run_length, 1);
    if (entry.tile_id >= limits.end_id || tiles > limits.end_id - entry.tile_id) {
        throw damaged("has entries outside its part of the tiles");
    }
    next_id = entry.tile_id + tiles;
}

void check_place(const Entry& entry, const DirectoryLimits& limits) {
    const auto room = entry.is_leaf() ? limits.leaf_bytes : limits.tile_bytes;
    if (entry.length == 0) {
        throw damaged("has an entry without content");
    }
    if (entry.offset > room || entry.length > room - entry.offset) {
        throw damaged("points outside the file");
    }
}

void read_offsets(VarintReader& numbers, Directory& directory) {
    const Entry* before = nullptr;
    for (auto& entry : directory) {
        const auto value = numbers.next();
        if (value != 0) {
            entry.offset = value - 1;
        } else if (before == nullptr) {
            throw damaged("begins behind an entry that is not there");
        } else {
            entry.offset =
                before->offset + before->length;  // if that overflows, `before` is refused
        }
        before = &entry;
    }
}

}  // namespace

Directory parse_directory(BytesView bytes, const DirectoryLimits& limits) {
    constexpr std::size_t min_entry_bytes = 4;
    VarintReader numbers{bytes};
    const auto count = numbers.next();
    if (count == 0) {
        throw damaged("is empty");
    }
    if (count > numbers.rest_bytes() / min_entry_bytes) {
        throw damaged("ends early");
    }
    Directory directory(static_cast<std::size_t>(count));
    std::uint64_t id = 0;
    for (auto& entry : directory) {
        const auto difference = numbers.next();
        if (difference > std::numeric_limits<std::uint64_t>::max() - id) {
            throw damaged("has a tile id of more than 64 bits");
        }
        entry.tile_id = id += difference;
    }
    for (auto& entry : directory) {
        entry.run_length = numbers.next_32();
    }
    for (auto& entry : directory) {
        entry.length = numbers.next_32();
    }
    read_offsets(numbers, directory);
    auto next_id = limits.first_id;
    for (const auto& entry : directory) {
        check_ids(entry, next_id, limits);
        check_place(entry, limits);
    }
    return directory;
}

Bytes to_bytes(std::span<const Entry> directory) {
    Bytes bytes;
    bytes.reserve(directory.size() * 8);
    append_varint(bytes, directory.size());
    std::uint64_t id = 0;
    for (const auto& entry : directory) {
        append_varint(bytes, entry.tile_id - id);
        id = entry.tile_id;
    }
    for (const auto& entry : directory) {
        append_varint(bytes, entry.run_length);
    }
    for (const auto& entry : directory) {
        append_varint(bytes, entry.length);
    }
    const Entry* before = nullptr;
    for (const auto& entry : directory) {
        const bool follows = before != nullptr && entry.offset == before->offset + before->length;
        append_varint(bytes, follows ? 0 : entry.offset + 1);
        before = &entry;
    }
    return bytes;
}

const Entry* last_up_to(const Directory& directory, std::uint64_t id) {
    const auto after = std::ranges::upper_bound(directory, id, {}, &Entry::tile_id);
    return after == directory.begin() ? nullptr : &*std::prev(after);
}

}  // namespace offgrid::pmtiles
