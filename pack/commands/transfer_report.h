#pragma once

#include "pack/commands/transfer_options.h"
#include "pack/commands/transfer_plan.h"
#include "pack/progress.h"
#include "pack/transfer/journal.h"
#include "pack/transfer/transfer.h"

#include <chrono>

namespace offgrid {

/// Tells the user how a transfer goes and how it went. One thread.
class TransferReport {
public:
    /// `before`: what former runs have done. Nothing else is owned.
    TransferReport(const TransferCommand& command, const TransferPlan& plan,
                   const TransferCounts& before);

    void show(const TransferProgress& progress);

    void finish(const TransferResult& result, const FailedLog& failed_log);

private:
    using Clock = std::chrono::steady_clock;

    double seconds() const;
    void print_progress_json(const TransferProgress& progress);
    void print_text(const TransferResult& result) const;
    void print_json(const TransferResult& result, const FailedLog& failed_log) const;

    const TransferCommand& command_;
    const TransferPlan& plan_;
    const TransferCounts before_;
    ProgressDisplay display_;
    Clock::time_point start_ = Clock::now();
    Clock::time_point next_line_ = start_;
};

}  // namespace offgrid
