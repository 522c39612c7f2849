#include "pack/block_cache.h"

#include "formats/base/error.h"

#include <utility>

namespace offgrid {
namespace {

/// What a block without pixels counts.
constexpr std::size_t entry_bytes = 256;

}  // namespace

PixelBlocks::Block BlockCache::get(const PixelBlocks& source, int column, int row) {
    const Key key{&source, column, row};
    std::promise<PixelBlocks::Block> promise;
    std::shared_future<PixelBlocks::Block> known;
    {
        const std::lock_guard lock{mutex_};
        const auto [found, is_new] = entries_.try_emplace(key);
        auto& entry = found->second;
        if (is_new) {
            entry.block = promise.get_future().share();
        } else {
            known = entry.block;
            if (entry.bytes > 0) {
                order_.splice(order_.begin(), order_, entry.place);
            }
        }
    }
    return known.valid() ? known.get() : read(key, std::move(promise));
}

PixelBlocks::Block BlockCache::read(const Key& key, std::promise<PixelBlocks::Block> promise) {
    const auto& [source, column, row] = key;
    try {
        auto block = source->read(column, row);
        promise.set_value(block);
        keep(key, entry_bytes + (block ? block->size() : 0));
        return block;
    } catch (const Error& error) {
        promise.set_exception(std::current_exception());
        if (error.code() == Errc::interrupted) {
            forget(key);
        } else {
            keep(key, entry_bytes);
        }
        throw;
    } catch (...) {
        promise.set_exception(std::current_exception());
        forget(key);
        throw;
    }
}

void BlockCache::keep(const Key& key, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    order_.push_front(key);
    auto& entry = entries_.at(key);
    entry.place = order_.begin();
    entry.bytes = bytes;
    bytes_ += bytes;
    while (bytes_ > max_bytes_ && order_.size() > 1) {
        const auto oldest = entries_.find(order_.back());
        bytes_ -= oldest->second.bytes;
        entries_.erase(oldest);
        order_.pop_back();
    }
}

void BlockCache::forget(const Key& key) {
    const std::lock_guard lock{mutex_};
    entries_.erase(key);
}

}  // namespace offgrid
