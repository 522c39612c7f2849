#pragma once

#include "formats/base/file_ops.h"
#include "formats/config/store_location.h"
#include "pack/commands/transfer_options.h"
#include "pack/transfer/selection.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// A transfer that was checked: its stores fit each other and what is selected exists. A value that
/// stays valid as long as the locations.
struct TransferPlan {
    config::StoreLocation source;
    config::StoreLocation destination;
    Selection selection;
    std::optional<std::vector<TileKey>> only{};  ///< ascending
    StoreInfo like{};                            ///< what a new destination says of itself
    int threads = 1;
    int writers = 1;
    std::vector<std::string> notes{};
};

/// Find both stores and check what is asked. Throws the first Error, naming the option or store.
TransferPlan plan_transfer(const TransferCommand& command, config::StoreLocations& locations);

}  // namespace offgrid
