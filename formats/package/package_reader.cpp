#include "formats/package/package_reader.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/combine/composite_store.h"
#include "formats/combine/sharded_store.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {

namespace {

/// The folder as a pool spells it: then it need not spell each of its files.
std::string spelled_out(const std::filesystem::path& folder) {
    return std::filesystem::weakly_canonical(folder).string();
}

/// The files of an installed layer, found in its manifest as they are asked for.
class InstalledFiles final : public ShardFiles {
public:
    InstalledFiles(const Depot& depot, const Manifest& manifest, PathTemplate names)
        : folder_{spelled_out(depot.stored_folder(manifest.layer)) + "/"},
          files_{manifest.files},
          names_{std::move(names)} {}

    std::optional<std::string> find(const std::string& name) const override {
        const auto* const file = files_.find(name);
        return file == nullptr ? std::nullopt : std::optional{folder_ + stored_name(*file)};
    }

    void visit(const Visitor& visitor) const override {
        for (const auto& file : files_) {
            if (names_.match(file.name)) {
                visitor(file.name, folder_ + stored_name(file));
            }
        }
    }

private:
    std::string folder_;
    FileList files_;
    PathTemplate names_;
};

using OpenShards = std::function<std::unique_ptr<const ShardFiles>(const PathTemplate& names)>;

std::unique_ptr<TileReader> open_pyramids(const Manifest& manifest, const OpenShards& open_shards,
                                          sqlite::MbtilesPool& pool) {
    const StoreInfo info{.grid = manifest.grid,
                         .name = manifest.title,
                         .attribution = manifest.attribution,
                         .format = manifest.format,
                         .min_zoom = manifest.min_zoom,
                         .max_zoom = manifest.max_zoom,
                         .bounds = manifest.bounds};
    std::vector<CompositeReader::Part> parts;
    for (const auto& pyramids : manifest.pyramids) {
        PathTemplate names{pyramids.names, pyramids.options};
        auto shards = open_shards(names);
        const PathValues values{.tileset = manifest.layer};
        parts.push_back({pyramids.min_zoom, pyramids.max_zoom,
                         std::make_unique<ShardedReader>(info, std::move(names), values,
                                                         std::move(shards), pool),
                         OtherZooms::misplaced});
    }
    return std::make_unique<CompositeReader>(info, std::move(parts));
}

}  // namespace

std::unique_ptr<TileReader> open_package(const Manifest& manifest, const LocateFile& locate,
                                         sqlite::MbtilesPool& pool) {
    const auto open_shards = [&](const PathTemplate& names) {
        ShardMap::Paths paths;
        for (const auto& file : manifest.files) {
            if (names.match(file.name)) {
                paths.emplace(file.name, locate(file).string());
            }
        }
        return std::make_unique<const ShardMap>(std::move(paths), pool);
    };
    return open_pyramids(manifest, open_shards, pool);
}

std::unique_ptr<TileReader> open_installed(const Depot& depot, const Manifest& manifest,
                                           sqlite::MbtilesPool& pool) {
    const auto open_shards = [&](const PathTemplate& names) {
        return std::make_unique<const InstalledFiles>(depot, manifest, names);
    };
    return open_pyramids(manifest, open_shards, pool);
}

Manifest read_manifest(const std::filesystem::path& folder) {
    const auto path = folder / manifest_name;
    try {
        return parse_manifest(as_text(read_file(path, max_manifest_bytes)));
    } catch (const Error& error) {
        if (error.code() == Errc::not_found) {
            throw;
        }
        rethrow_with(error, "{}", path.string());
    }
}

}  // namespace offgrid
