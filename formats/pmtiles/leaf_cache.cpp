#include "formats/pmtiles/leaf_cache.h"

#include <iterator>
#include <utility>

namespace offgrid::pmtiles {
namespace {

std::size_t bytes_of(const Directory& leaf) {
    return leaf.size() * sizeof(Entry);
}

}  // namespace

LeafCache::Leaf LeafCache::find(const Key& key) {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return nullptr;
    }
    places_.splice(places_.begin(), places_, found->second);
    return found->second->leaf;
}

void LeafCache::add(const Key& key, Leaf leaf) {
    const std::lock_guard lock{mutex_};
    if (by_key_.contains(key)) {
        return;  // another thread has read it meanwhile
    }
    bytes_ += bytes_of(*leaf);
    places_.push_front({key, std::move(leaf)});
    by_key_.emplace(key, places_.begin());
    while (bytes_ > capacity_bytes_ && places_.size() > 1) {
        bytes_ -= bytes_of(*places_.back().leaf);
        by_key_.erase(places_.back().key);
        places_.pop_back();
    }
}

}  // namespace offgrid::pmtiles
