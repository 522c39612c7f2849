#pragma once

#include "pack/pixel_blocks.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <tuple>

namespace offgrid {

/// The blocks that were read last, of all sources, within a bound. Threads that want the same one
/// wait for the first of them: a server is not asked twice. Safe for concurrent use.
class BlockCache {
public:
    explicit BlockCache(std::size_t max_bytes) : max_bytes_{max_bytes} {}

    /// The block. What reading it threw is remembered like a block, unless that was `interrupted`:
    /// a neighbour that needs it too fails at once.
    PixelBlocks::Block get(const PixelBlocks& source, int column, int row);

private:
    using Key = std::tuple<const PixelBlocks*, int, int>;
    using Order = std::list<Key>;

    struct Entry {
        std::shared_future<PixelBlocks::Block> block{};
        std::size_t bytes = 0;  ///< 0: it is being read
        Order::iterator place{};
    };

    PixelBlocks::Block read(const Key& key, std::promise<PixelBlocks::Block> promise);
    void keep(const Key& key, std::size_t bytes);
    void forget(const Key& key);

    const std::size_t max_bytes_;

    std::mutex mutex_;  // guards what follows
    std::map<Key, Entry> entries_;
    Order order_;  // of the entries that are read; used last first
    std::size_t bytes_ = 0;
};

}  // namespace offgrid
