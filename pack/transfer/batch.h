#pragma once

#include "formats/base/bytes.h"
#include "formats/tile/key.h"
#include "pack/transfer/transfer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace offgrid {

/// Tiles that travel together from the source to the destination. One buffer holds their content
/// and is used again for the next: no allocation for a tile that is only copied. A value.
class Batch {
public:
    /// What becomes of a tile.
    enum class Fate { to_write, left_out };

    struct Entry {
        TileKey key{};
        std::size_t offset = 0;
        std::size_t size = 0;
        std::optional<Bytes> own{};  ///< content that does not lie in the buffer
        Fate fate = Fate::to_write;
    };

    /// Be empty again, as the batch of that number.
    void begin(std::int64_t number) {
        number_ = number;
        entries_.clear();
        buffer_.clear();
        counts = {};
    }

    void add(const TileKey& key, BytesView content) {
        entries_.push_back({.key = key, .offset = buffer_.size(), .size = content.size()});
        buffer_.insert(buffer_.end(), content.begin(), content.end());
    }

    BytesView content_of(const Entry& entry) const {
        return entry.own ? BytesView{*entry.own}
                         : BytesView{buffer_}.subspan(entry.offset, entry.size);
    }

    std::vector<Entry>& entries() { return entries_; }
    std::int64_t number() const { return number_; }
    std::size_t bytes() const { return buffer_.size(); }

    TileKey last{};           ///< of the source up to here, whether it is in the batch or not
    TransferCounts counts{};  ///< of the source's tiles since the batch before

private:
    std::int64_t number_ = 0;
    std::vector<Entry> entries_;
    Bytes buffer_;
};

}  // namespace offgrid
