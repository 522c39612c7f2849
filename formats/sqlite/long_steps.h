#pragma once

#include "formats/sqlite/sqlite.h"

#include <chrono>

namespace offgrid::sqlite {

/// While it lives, a step may take as long as a scan needs to come to its next tile, which may lie
/// behind many rows of others; then as long as one tile may take again.
class LongSteps {
public:
    /// The database is not owned and outlives this.
    explicit LongSteps(Db& db) : db_{db} { db_.set_deadline(scan_deadline); }
    ~LongSteps() { db_.set_deadline(tile_deadline); }
    LongSteps(const LongSteps&) = delete;
    LongSteps& operator=(const LongSteps&) = delete;

private:
    static constexpr std::chrono::seconds scan_deadline{60};
    static constexpr std::chrono::seconds tile_deadline{2};

    Db& db_;
};

}  // namespace offgrid::sqlite
