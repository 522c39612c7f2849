#pragma once

#include "formats/package/depot.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/tile_store.h"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace offgrid {

/// One generation of a depot while its tiles are served: its layers, opened, and the lease that
/// keeps `prune` away.
///
/// The next generation is opened from the one before: what is the same, is shared, readers of
/// layers and open files. When a generation ends, the handles of those of its files that no other
/// one names, of those made one from the other, are closed. Both cost what differs, and a step for
/// each layer; not a step for each file. Immutable; safe for concurrent use. The pool is not owned
/// and outlives the object and its readers.
class ServedGeneration {
public:
    /// Throws what GenerationLease throws. `before`: another generation of the depot that is served
    /// out of the same pool; may be null.
    ServedGeneration(const Depot& depot, Generation generation, sqlite::MbtilesPool& pool,
                     const ServedGeneration* before = nullptr);
    ~ServedGeneration();
    ServedGeneration(const ServedGeneration&) = delete;
    ServedGeneration& operator=(const ServedGeneration&) = delete;

    /// Open what is current while others may replace and prune.
    static std::shared_ptr<const ServedGeneration> open_current(
        const Depot& depot, sqlite::MbtilesPool& pool, const ServedGeneration* before = nullptr);

    const std::filesystem::path& root() const { return depot_.root(); }
    const Generation& generation() const { return generation_; }

    /// Of the generation's file: tells it from that of another depot with the same number.
    const std::string& sha256() const { return sha256_; }

    /// The tiles of a layer. REQUIRES: the generation has it. May outlive the generation; then
    /// the files are open to `prune`.
    std::shared_ptr<const TileReader> reader(const std::string& layer) const {
        return readers_.at(layer);
    }

private:
    /// The generations made one from the other that have not ended.
    struct Siblings {
        std::mutex mutex;  // guards all below
        std::vector<const ServedGeneration*> served;
    };

    ServedGeneration(const Depot& depot, Generation generation, GenerationLease lease,
                     sqlite::MbtilesPool& pool, const ServedGeneration* before);

    std::vector<std::string> paths_of_no_other() const;
    bool names(const std::string& layer, const PackageFile& file) const;

    Depot depot_;
    Generation generation_;
    std::string sha256_;
    GenerationLease lease_;
    sqlite::MbtilesPool& pool_;
    std::map<std::string, std::shared_ptr<const TileReader>> readers_;  // by layer name
    std::shared_ptr<Siblings> siblings_;
};

}  // namespace offgrid
