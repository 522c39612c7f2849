#pragma once

#include "formats/base/file_ops.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/tile/path_template.h"
#include "pack/plan.h"
#include "pack/tile_sink.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// Writes the files of a package into a folder: tiles into the pyramid that holds their zoom, then
/// the manifest and the configuration for MapCache. One thread.
///
/// A file that is none of a pyramid below the top zoom is finished when the first tile of another
/// one arrives. Nothing but finished pyramids is promised before `finish`; without it the folder is
/// abandoned by its owner.
class PackageWriter final : public TileSink {
public:
    /// `plan` and `files` are not owned and outlive the writer.
    PackageWriter(const Plan& plan, std::filesystem::path folder, FileOps& files);

    void put(const EncodedTile& tile) override;
    std::optional<PackageFile> finish_pyramid() override;
    void adopt(const Pyramid& pyramid) override;
    void note_shown(const Box& shown) override { shown_ = joined(shown_, shown); }

    /// What was put. A value.
    struct Made {
        std::int64_t tiles = 0;
        std::uint64_t bytes = 0;
        std::map<int, std::int64_t> tiles_of_zoom{};
    };
    const Made& made() const { return made_; }

    /// Complete all files, durably, and return the manifest. Throws `unsupported` when no tile was
    /// put.
    Manifest finish();

    /// The same for a shard, which has no manifest of its own: the plan's, with the files that were
    /// written.
    Manifest finish_shard();

private:
    /// A file that is being written.
    struct Open {
        std::string name;
        std::unique_ptr<sqlite::MbtilesWriter> writer;
        PackageFile file;
    };

    Open begin(const std::string& name, const TileKey& first);
    std::optional<PackageFile> end(Open& open);
    std::map<std::string, std::string> metadata(const Pyramids& pyramids,
                                                const TileKey& first) const;

    const Plan& plan_;
    std::filesystem::path folder_;
    FileOps& files_;
    std::vector<PathTemplate> names_;  // of the plan's pyramids
    std::vector<Open> open_;           // one of each pyramids at most
    std::vector<PackageFile> done_;
    Made made_;
    Box shown_;  // of the deepest tiles everywhere
};

}  // namespace offgrid
