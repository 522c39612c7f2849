#pragma once

#include "formats/base/live.h"
#include "serve/coverage.h"
#include "serve/log.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace offgrid {

/// How long a Coverages lets things take.
struct CoveragesOptions {
    std::chrono::milliseconds deadline{1'000};  ///< of finding one out
    std::chrono::milliseconds patience{100};    ///< of a request that waits for that
    std::chrono::minutes freshness{10};         ///< stores may change while they are served
    std::size_t max_queued = 64;
    std::size_t max_kept = 256;
};

/// The coverage of layers, found out once and kept as long as their stores are the same.
///
/// One thread finds out, one layer at a time, however many requests ask; it starts with the first
/// one. A request waits a moment for it, one request at a time, and else is told the bounds, and
/// that more is to come. So no number of them takes more than that thread and that moment. The
/// thread holds a lease on the layers while it works. Safe for concurrent use.
class Coverages {
public:
    using Lease = Live<LayerSet>::Lease;

    explicit Coverages(Log log, CoveragesOptions options = {});
    Coverages(const Coverages&) = delete;
    Coverages& operator=(const Coverages&) = delete;
    ~Coverages() = default;

    /// What is known of the layer, which is of the lease.
    std::string json(const Lease& lease, const std::shared_ptr<const Layer>& layer);

private:
    using Clock = std::chrono::steady_clock;

    struct Entry {
        std::weak_ptr<const TileReader> tiles{};  // ended: another may have its address
        std::string json{};                       // empty: to be found out yet
        Clock::time_point since{};
    };
    struct Job {
        Lease lease;
        std::shared_ptr<const Layer> layer;
    };

    const Entry* known(const Layer& layer) const;
    bool enqueue(const Lease& lease, const std::shared_ptr<const Layer>& layer);
    void run(const std::stop_token& stop);
    std::string find_out(const Layer& layer, const std::stop_token& stop) const;
    void make_room();

    Log log_;
    CoveragesOptions options_;

    std::mutex mutex_;  // guards all below but the thread
    std::condition_variable_any changed_;
    std::map<const TileReader*, Entry> entries_;
    std::deque<Job> queue_;
    bool has_waiting_request_ = false;
    bool is_running_ = false;

    std::jthread thread_;  // last: stopped and joined before the rest goes
};

}  // namespace offgrid
