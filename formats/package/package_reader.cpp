#include "formats/package/package_reader.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/combine/composite_store.h"
#include "formats/combine/sharded_store.h"

#include <utility>

namespace offgrid {

std::unique_ptr<TileReader> open_package(const Manifest& manifest, const LocateFile& locate,
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
        ShardedReader::Files files;
        for (const auto& file : manifest.files) {
            if (names.match(file.name)) {
                files.emplace(file.name, locate(file).string());
            }
        }
        const PathValues values{.tileset = manifest.layer};
        parts.push_back({pyramids.min_zoom, pyramids.max_zoom,
                         std::make_unique<ShardedReader>(info, std::move(names), values,
                                                         std::move(files), pool),
                         OtherZooms::misplaced});
    }
    return std::make_unique<CompositeReader>(info, std::move(parts));
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
