#pragma once

#include "formats/pmtiles/directory.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>

namespace offgrid::pmtiles {

/// The leaf directories that were used last, as many as fit into a number of bytes; the very last
/// one whatever its size. Safe for concurrent use.
class LeafCache {
public:
    using Leaf = std::shared_ptr<const Directory>;

    /// A leaf and the limits that it was checked against.
    struct Key {
        std::uint64_t offset = 0;
        std::uint32_t length = 0;
        std::uint64_t first_id = 0;
        std::uint64_t end_id = 0;

        friend auto operator<=>(const Key&, const Key&) = default;
    };

    explicit LeafCache(std::size_t capacity_bytes) : capacity_bytes_{capacity_bytes} {}

    /// Null when it is not kept.
    Leaf find(const Key& key);

    void add(const Key& key, Leaf leaf);

private:
    struct Kept {
        Key key{};
        Leaf leaf{};
    };
    using Places = std::list<Kept>;

    const std::size_t capacity_bytes_;

    std::mutex mutex_;  // guards all below
    Places places_;     // the one used last is in front
    std::map<Key, Places::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace offgrid::pmtiles
