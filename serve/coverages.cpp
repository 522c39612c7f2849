#include "serve/coverages.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {

Coverages::Coverages(Log log, CoveragesOptions options) : log_{std::move(log)}, options_{options} {}

std::string Coverages::json(const Lease& lease, const std::shared_ptr<const Layer>& layer) {
    std::unique_lock lock{mutex_};
    const auto* entry = known(*layer);
    const bool is_coming = entry != nullptr || enqueue(lease, layer);
    if (is_coming && !has_waiting_request_ && (entry == nullptr || entry->json.empty())) {
        has_waiting_request_ = true;
        changed_.wait_for(lock, options_.patience, [&] {
            entry = known(*layer);
            return entry == nullptr || !entry->json.empty();
        });
        has_waiting_request_ = false;
    }
    entry = known(*layer);
    return entry != nullptr && !entry->json.empty()
               ? entry->json
               : to_json(bounds_of(*layer), *layer, /*is_pending=*/true);
}

/// What there is of the layer's store, to be found out or fresh enough. REQUIRES: the lock, here
/// and below but in the thread.
const Coverages::Entry* Coverages::known(const Layer& layer) const {
    const auto found = entries_.find(layer.tiles.get());
    if (found == entries_.end() || found->second.tiles.lock() != layer.tiles) {
        return nullptr;
    }
    const bool is_old =
        !found->second.json.empty() && Clock::now() - found->second.since > options_.freshness;
    return is_old ? nullptr : &found->second;
}

bool Coverages::enqueue(const Lease& lease, const std::shared_ptr<const Layer>& layer) {
    if (queue_.size() >= options_.max_queued) {
        return false;
    }
    make_room();
    entries_[layer->tiles.get()] = {layer->tiles, {}, Clock::now()};
    queue_.push_back({lease, layer});
    if (!is_running_) {
        is_running_ = true;
        thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    }
    changed_.notify_all();
    return true;
}

/// Forget what has ended and, where that is not enough, what was found out first.
void Coverages::make_room() {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.tiles.expired(); });
    if (entries_.size() < options_.max_kept) {
        return;
    }
    const auto oldest = std::ranges::min_element(entries_, {}, [](const auto& entry) {
        return std::pair{entry.second.json.empty(), entry.second.since};
    });
    entries_.erase(oldest);
}

void Coverages::run(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (changed_.wait(lock, stop, [this] { return !queue_.empty(); })) {
        auto job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        auto found = find_out(*job.layer, stop);
        lock.lock();
        entries_[job.layer->tiles.get()] = {job.layer->tiles, std::move(found), Clock::now()};
        changed_.notify_all();
        lock.unlock();
        job = {};  // layers may end here, which takes time
        lock.lock();
    }
}

std::string Coverages::find_out(const Layer& layer, const std::stop_token& stop) const {
    try {
        const CoverageLimits limits{.deadline = Clock::now() + options_.deadline,
                                    .is_stopped = [&] { return stop.stop_requested(); }};
        return to_json(coverage_of(layer, limits), layer);
    } catch (const std::exception& error) {
        log_(fmt::format("layer '{}', coverage: {}", layer.id, error.what()));
        return to_json(bounds_of(layer), layer);
    }
}

}  // namespace offgrid
