#pragma once

#include "formats/base/live.h"
#include "formats/base/ticker.h"
#include "serve/layer_set.h"
#include "serve/log.h"

#include <chrono>
#include <string>
#include <vector>

namespace offgrid {

/// Says which earlier layers are still used long after they were replaced, once when the time is up
/// and once when they have drained. New requests do not wait for that, but the files of such layers
/// stay open. Works on a thread of its own while it lives.
class DrainLog {
public:
    /// The layers are not owned and outlive the object.
    DrainLog(const Live<LayerSet>& layers, std::chrono::milliseconds timeout, Log log,
             std::chrono::milliseconds interval = std::chrono::milliseconds{500});

private:
    using Clock = Live<LayerSet>::Clock;
    struct Overdue {
        std::string name;
        Clock::time_point since;
    };

    void look();

    // Used by the thread alone.
    const Live<LayerSet>& layers_;
    std::chrono::milliseconds timeout_;
    Log log_;
    std::vector<Overdue> overdue_;

    Ticker ticker_;  // last: stopped before the rest goes
};

}  // namespace offgrid
