#pragma once

#include "formats/package/depot.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace offgrid {

enum class PruneMode {
    remove,
    look,  ///< say what `remove` would do
};

/// What a prune did, or would do.
struct PruneReport {
    std::vector<std::uint64_t> removed{};  ///< generations, oldest first
    std::vector<std::uint64_t> kept{};     ///< the others
    std::vector<std::uint64_t> in_use{};   ///< of the kept ones, those that only a lease keeps
    std::uint64_t nodes = 0;               ///< pieces of lists of files that were removed
    std::uint64_t files = 0;               ///< tile files that were removed
    std::uint64_t bytes = 0;               ///< freed in all
};

/// Remove old generations, then what no kept one names.
///
/// Kept are the current generation, those it came from, one after the other, and then the newest
/// others, `keep` in all; and whatever a GenerationLease holds. Before anything is removed, every
/// kept generation is read; throws `corrupt` and removes nothing when one is damaged. Others may
/// be. Symbolic links, and what is behind them, stay. Wherever it stops, every generation that is
/// still there is whole; the next prune goes on.
///
/// REQUIRES: keep > 0; the DepotLock, and no ReplaceTransaction that commits meanwhile.
PruneReport prune(FileOps& files, const Depot& depot, std::size_t keep,
                  PruneMode mode = PruneMode::remove);

}  // namespace offgrid
