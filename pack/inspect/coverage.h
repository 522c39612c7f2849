#pragma once

#include "formats/store/tile_store.h"
#include "pack/inspect/expected_files.h"
#include "pack/transfer/selection.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// The tiles of one zoom. A value.
struct ZoomCoverage {
    int zoom = 0;
    std::int64_t tiles = 0;     ///< there
    std::int64_t expected = 0;  ///< selected
    std::uint64_t bytes = 0;    ///< of those that are there

    std::int64_t missing() const { return expected - tiles; }

    /// What the missing tiles would take if they were as large as the others on average; nothing
    /// where there are no others.
    std::optional<std::uint64_t> missing_bytes() const;
};

/// A tile in a file whose name does not cover it. MapCache does not find it there; we do where it
/// is MapCache's own arithmetic that put it there (`PathTemplateOptions::wraps_at_32_bits`).
struct MisplacedTile {
    std::string file{};
    TileKey key{};
};

/// One file of a store. A value.
struct FileCoverage {
    std::string name{};
    std::string failure{};  ///< why it could not be read; empty: it was
    std::int64_t misplaced = 0;
    std::vector<ZoomCoverage> zooms{};  ///< of which the file should have tiles
};

/// What a store has of what was selected. A value.
struct CoverageReport {
    std::vector<ZoomCoverage> zooms{};  ///< each selected one but these:
    std::vector<int> empty_zooms{};     ///< left out, ascending: without tiles, and nobody said
                                        ///< that there should be any
    bool has_files = false;             ///< what follows is known
    std::vector<FileCoverage> files{};  ///< that should have selected tiles, or could not be read
    std::int64_t misplaced = 0;
    std::vector<MisplacedTile> misplaced_tiles{};  ///< the first
    MissingFiles missing_files{};

    std::int64_t unreadable() const;
    ZoomCoverage total() const;
};

/// Which zooms below the deepest tile are reported.
enum class EmptyZooms {
    shown,
    left_out,  ///< nobody limited the zooms: a grid goes much deeper than its tiles
};

struct CoverageOptions {
    EmptyZooms empty_zooms = EmptyZooms::shown;
    std::size_t max_misplaced_tiles = 10'000;  ///< that are listed
    std::size_t max_missing_files = 20;        ///< that are listed
};

/// Count what the store has of the selection; file by file, where it can tell them apart. Throws
/// `interrupted` when stopped, and what listing throws for a store without files.
CoverageReport coverage(const TileReader& reader, const Selection& selection,
                        const std::atomic<bool>& is_stopped, const CoverageOptions& options = {});

}  // namespace offgrid
