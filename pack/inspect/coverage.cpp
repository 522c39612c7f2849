#include "pack/inspect/coverage.h"

#include "formats/base/error.h"
#include "pack/inspect/covered_tiles.h"
#include "pack/inspect/stop.h"

#include <algorithm>
#include <map>

namespace offgrid {
namespace {

/// Counts the files of one set one after the other.
class FileCounter {
public:
    FileCounter(const FileSet& set, const Selection& selection, const std::atomic<bool>& is_stopped,
                std::size_t max_misplaced)
        : set_{set},
          selection_{selection},
          is_stopped_{is_stopped},
          max_misplaced_{max_misplaced} {}

    /// Nothing when no selected tile belongs into the file.
    std::optional<FileCoverage> count(const std::string& name,
                                      std::vector<MisplacedTile>& misplaced) const {
        FileCoverage file{.name = name};
        const CoveredTiles covered{set_, selection_.grid(), name};
        if (!covered.is_known()) {
            file.failure = "its name does not say which tiles it holds";
            return file;
        }
        std::map<int, ZoomCoverage> zooms;
        for (const auto& range : selection_.ranges()) {
            if (const auto expected = selection_.count(covered.at(range.z)); expected > 0) {
                zooms[range.z] = {.zoom = range.z, .expected = expected};
            }
        }
        if (zooms.empty()) {
            return std::nullopt;
        }
        try {
            count_tiles(covered, zooms, file, misplaced);
        } catch (const Error& error) {
            check_stop(is_stopped_);
            file.failure = error.what();
            for (auto& [z, zoom] : zooms) {
                zoom.tiles = 0;
                zoom.bytes = 0;
            }
        }
        for (const auto& [z, zoom] : zooms) {
            file.zooms.push_back(zoom);
        }
        return file;
    }

private:
    void count_tiles(const CoveredTiles& covered, std::map<int, ZoomCoverage>& zooms,
                     FileCoverage& file, std::vector<MisplacedTile>& misplaced) const {
        set_.files->list_tiles(file.name, [&](const TileKey& key, std::uint64_t bytes) {
            check_stop(is_stopped_);
            const auto placement = covered.placement(key);
            if (placement == Placement::wrong) {
                ++file.misplaced;
                if (misplaced.size() < max_misplaced_) {
                    misplaced.push_back({file.name, key});
                }
            } else if (placement == Placement::right && selection_.selects(key)) {
                auto& zoom = zooms[key.z];
                ++zoom.tiles;
                zoom.bytes += bytes;
            }
        });
    }

    const FileSet& set_;
    const Selection& selection_;
    const std::atomic<bool>& is_stopped_;
    const std::size_t max_misplaced_;
};

void count_files(const FileSet& set, const std::vector<std::string>& present,
                 const Selection& selection, const std::atomic<bool>& is_stopped,
                 std::size_t max_misplaced, CoverageReport& report) {
    const FileCounter counter{set, selection, is_stopped, max_misplaced};
    for (const auto& name : present) {
        check_stop(is_stopped);
        auto file = counter.count(name, report.misplaced_tiles);
        if (!file) {
            continue;
        }
        report.misplaced += file->misplaced;
        for (const auto& of_file : file->zooms) {
            auto& zoom = *std::ranges::find(report.zooms, of_file.zoom, &ZoomCoverage::zoom);
            zoom.tiles += of_file.tiles;
            zoom.bytes += of_file.bytes;
        }
        report.files.push_back(*std::move(file));
    }
}

void count_tiles(const TileReader& reader, const Selection& selection,
                 const std::atomic<bool>& is_stopped, CoverageReport& report) {
    for (auto& zoom : report.zooms) {
        reader.list(selection.range(zoom.zoom), [&](const TileKey& key, std::uint64_t bytes) {
            check_stop(is_stopped);
            if (selection.selects(key)) {
                ++zoom.tiles;
                zoom.bytes += bytes;
            }
        });
    }
}

/// Leave out the zooms below the deepest tile.
void trim(CoverageReport& report) {
    while (!report.zooms.empty() && report.zooms.back().tiles == 0) {
        report.empty_zooms.insert(report.empty_zooms.begin(), report.zooms.back().zoom);
        report.zooms.pop_back();
    }
    for (auto& file : report.files) {
        std::erase_if(file.zooms, [&](const ZoomCoverage& zoom) {
            return std::ranges::binary_search(report.empty_zooms, zoom.zoom);
        });
    }
}

}  // namespace

std::optional<std::uint64_t> ZoomCoverage::missing_bytes() const {
    if (tiles == 0 && missing() > 0) {
        return std::nullopt;
    }
    if (missing() <= 0) {
        return 0;
    }
    const double mean = static_cast<double>(bytes) / static_cast<double>(tiles);
    return static_cast<std::uint64_t>(mean * static_cast<double>(missing()));
}

std::int64_t CoverageReport::unreadable() const {
    return std::ranges::count_if(files,
                                 [](const FileCoverage& file) { return !file.failure.empty(); });
}

ZoomCoverage CoverageReport::total() const {
    ZoomCoverage total;
    for (const auto& zoom : zooms) {
        total.tiles += zoom.tiles;
        total.expected += zoom.expected;
        total.bytes += zoom.bytes;
    }
    return total;
}

CoverageReport coverage(const TileReader& reader, const Selection& selection,
                        const std::atomic<bool>& is_stopped, const CoverageOptions& options) {
    CoverageReport report;
    for (const auto& range : selection.ranges()) {
        report.zooms.push_back({.zoom = range.z, .expected = selection.count(range)});
    }
    const auto sets = reader.file_sets();
    report.has_files = !sets.empty();
    std::vector<std::vector<std::string>> present;
    for (const auto& set : sets) {
        present.push_back(set.files->list());
        count_files(set, present.back(), selection, is_stopped, options.max_misplaced_tiles,
                    report);
    }
    if (sets.empty()) {
        count_tiles(reader, selection, is_stopped, report);
    }
    if (options.empty_zooms == EmptyZooms::left_out) {
        trim(report);
    }
    const int max_zoom = report.zooms.empty() ? -1 : report.zooms.back().zoom;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        report.missing_files.add(
            missing_files(sets[i], selection, max_zoom, present[i], options.max_missing_files),
            options.max_missing_files);
    }
    return report;
}

}  // namespace offgrid
