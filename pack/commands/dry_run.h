#pragma once

#include "pack/commands/transfer_options.h"
#include "pack/commands/transfer_plan.h"
#include "pack/transfer/transfer.h"

#include <atomic>
#include <optional>

namespace offgrid {

/// What a transfer would leave out. Nothing is owned.
struct DoneBefore {
    std::optional<TransferMark> after{};     ///< a former run did the tiles up to this one
    const TileReader* lacking_in = nullptr;  ///< only what this does not have is copied
};

/// Print what a transfer would copy: tiles and bytes for each zoom, as far as the source tells
/// without being read. Throws `interrupted` when stopped.
void print_dry_run(const TransferCommand& command, const TransferPlan& plan, const DoneBefore& done,
                   const std::atomic<bool>& is_stopped);

}  // namespace offgrid
