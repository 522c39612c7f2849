#include "pack/inspect/coverage.h"

#include "formats/base/error.h"

#include <algorithm>
#include <map>

namespace offgrid {
namespace {

void check_stop(const std::atomic<bool>& is_stopped) {
    if (is_stopped) {
        throw Error{Errc::interrupted, "interrupted"};
    }
}

/// Counts one file after the other.
class FileCounter {
public:
    FileCounter(const TileFiles& files, const Selection& selection,
                const std::atomic<bool>& is_stopped, std::size_t max_misplaced)
        : files_{files},
          selection_{selection},
          is_stopped_{is_stopped},
          max_misplaced_{max_misplaced} {}

    /// Nothing when no selected tile belongs into the file.
    std::optional<FileCoverage> count(const std::string& name,
                                      std::vector<MisplacedTile>& misplaced) const {
        FileCoverage file{.name = name};
        const auto match = files_.names().match(name);
        if (!match) {
            file.failure = "its name does not say which tiles it holds";
            return file;
        }
        std::map<int, Zoom> zooms;
        for (const auto& range : selection_.ranges()) {
            const auto covered = files_.names().range_of(*match, selection_.grid(), range.z);
            if (const auto expected = selection_.count(covered); expected > 0) {
                zooms[range.z] = {covered, {.zoom = range.z, .expected = expected}};
            }
        }
        if (zooms.empty()) {
            return std::nullopt;
        }
        try {
            count_tiles(*match, zooms, file, misplaced);
        } catch (const Error& error) {
            check_stop(is_stopped_);
            file.failure = error.what();
            for (auto& [z, zoom] : zooms) {
                zoom.coverage.tiles = 0;
                zoom.coverage.bytes = 0;
            }
        }
        for (const auto& [z, zoom] : zooms) {
            file.zooms.push_back(zoom.coverage);
        }
        return file;
    }

private:
    struct Zoom {
        TileRange covered{};
        ZoomCoverage coverage{};
    };

    void count_tiles(const PathTemplate::Match& match, std::map<int, Zoom>& zooms,
                     FileCoverage& file, std::vector<MisplacedTile>& misplaced) const {
        const auto& grid = selection_.grid();
        files_.list_tiles(file.name, [&](const TileKey& key, std::uint64_t bytes) {
            check_stop(is_stopped_);
            const auto zoom = zooms.find(key.z);
            const bool is_placed =
                zoom != zooms.end() ? zoom->second.covered.contains(key)
                                    : grid.contains(key) &&
                                          files_.names().range_of(match, grid, key.z).contains(key);
            if (!is_placed) {
                ++file.misplaced;
                if (misplaced.size() < max_misplaced_) {
                    misplaced.push_back({file.name, key});
                }
            } else if (zoom != zooms.end() && selection_.selects(key)) {
                ++zoom->second.coverage.tiles;
                zoom->second.coverage.bytes += bytes;
            }
        });
    }

    const TileFiles& files_;
    const Selection& selection_;
    const std::atomic<bool>& is_stopped_;
    const std::size_t max_misplaced_;
};

void count_files(const TileFiles& files, const Selection& selection,
                 const std::atomic<bool>& is_stopped, std::size_t max_misplaced,
                 CoverageReport& report) {
    report.has_files = true;
    const auto names = files.list();
    const FileCounter counter{files, selection, is_stopped, max_misplaced};
    for (const auto& name : names) {
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

/// Leave out the zooms below the deepest tile; the highest selected one stays.
void trim(CoverageReport& report) {
    while (report.zooms.size() > 1 && report.zooms.back().tiles == 0) {
        report.zooms.pop_back();
    }
    for (auto& file : report.files) {
        std::erase_if(file.zooms, [&](const ZoomCoverage& zoom) {
            return zoom.zoom > report.zooms.back().zoom;
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
    if (const auto* const files = reader.files()) {
        count_files(*files, selection, is_stopped, options.max_misplaced_tiles, report);
    } else {
        count_tiles(reader, selection, is_stopped, report);
    }
    if (options.empty_zooms == EmptyZooms::left_out && !report.zooms.empty()) {
        trim(report);
    }
    if (const auto* const files = reader.files(); files != nullptr && !report.zooms.empty()) {
        report.missing_files =
            missing_files(files->names(), files->values(), selection, report.zooms.back().zoom,
                          files->list(), options.max_missing_files);
    }
    return report;
}

}  // namespace offgrid
