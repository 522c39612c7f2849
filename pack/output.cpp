#include "pack/output.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/gpkg/gpkg_writer.h"
#include "formats/package/package_reader.h"
#include "formats/pmtiles/mercator_grid.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/stores.h"
#include "pack/mbtiles_metadata.h"
#include "pack/pyramid_journal.h"
#include "pack/transfer/same_tiles.h"
#include "pack/transfer/selection.h"
#include "pack/transfer/transfer.h"

#include <fmt/format.h>

#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

/// Files of the pyramids, and of the output, that are open at a time.
constexpr std::size_t max_open_files = 64;

/// What the result is called in the folder of the work until it has its own name.
constexpr const char* result_name = "result";

[[noreturn]] void refuse(const PackOptions& options, const std::string& cause) {
    throw Error{Errc::invalid_argument, fmt::format("{}: {}", options.output.string(), cause)};
}

/// Throws where no such output can have the tiles of the layer.
void check_kind(const PackOptions& options, const Manifest& planned) {
    const bool has_template = options.as == OutputKind::disk || options.as == OutputKind::geotiff;
    if (has_template && package_path(options.output).string().find('{') != std::string::npos) {
        refuse(options, "'{' cannot be in the path: it stands for a part of a file's name there");
    }
    if (options.as == OutputKind::geotiff && planned.format != TileFormat::jpeg) {
        refuse(options, "the GeoTIFFs of --as geotiff hold JPEG tiles: take --format jpeg");
    }
    if ((options.as == OutputKind::cog || options.as == OutputKind::pmtiles) && !planned.format) {
        refuse(options, "all its tiles are of one format, so --format mixed is not for it");
    }
    if ((options.as == OutputKind::cog || options.as == OutputKind::geotiff) &&
        planned.grid->tile_size() % 16 != 0) {
        refuse(options, fmt::format("the blocks of a TIFF are multiples of 16 pixels, and tiles of "
                                    "grid '{}' have {}",
                                    planned.grid->name(), planned.grid->tile_size()));
    }
    if (options.as == OutputKind::gpkg) {
        gpkg::reference_of(*planned.grid);
        gpkg::matrix_set_of(*planned.grid, planned.min_zoom, planned.max_zoom);
    }
    if (options.as == OutputKind::pmtiles) {
        pmtiles::require_mercator_grid(*planned.grid, options.output);
    }
}

StoreInfo info_of(const Manifest& manifest) {
    return {.grid = manifest.grid,
            .name = manifest.title,
            .description = {},
            .attribution = manifest.attribution,
            .format = manifest.format,
            .min_zoom = manifest.min_zoom,
            .max_zoom = manifest.max_zoom,
            .bounds = manifest.bounds};
}

std::map<std::string, std::string> whole_metadata(const Manifest& manifest) {
    auto metadata = mbtiles_metadata(manifest, manifest.min_zoom, manifest.max_zoom,
                                     manifest.bounds, manifest.bounds);
    metadata.emplace("minzoom", fmt::to_string(manifest.min_zoom));
    metadata.emplace("maxzoom", fmt::to_string(manifest.max_zoom));
    return metadata;
}

void copy(const TileReader& pyramids, const std::function<std::unique_ptr<TileWriter>()>& open,
          bool is_built_once, const PackContext& context) {
    const auto& info = pyramids.info();
    std::vector<TileRange> ranges;
    for (int zoom = info.min_zoom; zoom <= info.max_zoom; ++zoom) {
        ranges.push_back(info.grid->whole(zoom));
    }
    const Selection all{*info.grid, std::move(ranges)};
    std::optional<Error> first;
    const TransferJob job{
        .source = pyramids,
        .selection = all,
        .open_writer = open,
        .is_built_once = is_built_once,
        .keep_failure =
            [&](const TileKey& key, std::string_view cause) {
                if (!first) {
                    first.emplace(Errc::io,
                                  fmt::format("tile {}/{}/{}: {}", key.z, key.x, key.y, cause));
                }
            },
        .is_stopped = context.is_stopped};
    const auto result = transfer(job);
    if (result.ended_by) {
        throw *result.ended_by;
    }
    if (first) {
        throw *first;
    }
}

void make_durable(const fs::path& result, const PackContext& context) {
    auto& files = context.files;
    if (!fs::is_directory(result)) {
        files.sync_file(result);
        return;
    }
    for (const auto& entry : fs::recursive_directory_iterator{result}) {
        if (context.is_stopped) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        if (entry.is_directory()) {
            files.sync_directory(entry.path());
        } else {
            files.sync_file(entry.path());
        }
    }
    files.sync_directory(result);
}

}  // namespace

fs::path place_of_work(const PackOptions& options) {
    if (options.as != OutputKind::store) {
        return options.output;
    }
    const auto name = sha256_hex(as_bytes(options.output.string())).substr(0, 16);
    return fs::current_path() / fmt::format("offgrid-{}", name);
}

Output::Output(const PackOptions& options, const Manifest& planned)
    : options_{options},
      locations_{max_open_files, [](const std::string&) {}},
      sqlite_files_{sqlite::make_cache_file_pool(max_open_files)} {
    check_kind(options, planned);
    if (options.as == OutputKind::store) {
        check_tileset(planned);
    }
}

/// Find the tileset. Throws unless it is in the grid and the format of the layer, and holds all its
/// zooms.
void Output::check_tileset(const Manifest& planned) {
    tileset_ = locations_.find(options_.output.string(),
                               {.grid = planned.grid->name(), .known_grid = planned.grid});
    const auto& info = tileset_->info;
    if (!tileset_->open_writer) {
        refuse(options_, fmt::format("cannot be written: {}", tileset_->why_read_only));
    }
    std::vector<int> zooms(static_cast<std::size_t>(planned.max_zoom - planned.min_zoom + 1));
    std::iota(zooms.begin(), zooms.end(), planned.min_zoom);
    if (const auto difference = difference_of_tiles(*info.grid, *planned.grid, zooms)) {
        refuse(options_, fmt::format("has other tiles than the layer: {}", *difference));
    }
    if (info.format && info.format != planned.format) {
        refuse(options_, fmt::format("holds {} tiles, which those of the layer are not: take "
                                     "another --format",
                                     extension_of(*info.format)));
    }
    for (int zoom = planned.min_zoom; zoom <= planned.max_zoom; ++zoom) {
        if (tileset_->limits && tileset_->limits(zoom).is_empty()) {
            refuse(options_, fmt::format("has no zoom {}: take --zoom", zoom));
        }
    }
}

std::unique_ptr<TileWriter> Output::open(StoreOptions store, const Manifest& manifest) {
    const CacheSpec spec{.name = options_.output.string(), .options = std::move(store)};
    const TilesetSlice slice{.info = info_of(manifest)};
    return open_writer(spec, slice, {.sqlite_files = *sqlite_files_, .locker = locker_});
}

/// Opens what the result is written to, a file or a folder.
Output::OpenWriter Output::writer_of(const Manifest& manifest, const fs::path& result) {
    switch (options_.as) {
        case OutputKind::mbtiles:
            return [&manifest, result] {
                return std::make_unique<sqlite::MbtilesWriter>(result, *manifest.grid,
                                                               whole_metadata(manifest));
            };
        case OutputKind::pmtiles:
            return [&, result] { return open(PmtilesOptions{.file = result}, manifest); };
        case OutputKind::cog:
            return [&, result] {
                return open(CogOptions{.name = options_.output.string(), .file = result.string()},
                            manifest);
            };
        case OutputKind::gpkg:
            return [this, &manifest, result] {
                return std::make_unique<gpkg::GpkgWriter>(result, info_of(manifest),
                                                          gpkg::table_name_of(options_.output));
            };
        case OutputKind::geotiff:  // as MapCache's tiff cache names its files by default
            return [&, result] {
                return open(TiffOptions{.name = options_.output.string(),
                                        .file = (result / "{z}/{x}-{y}.tif").string(),
                                        .quality = options_.quality},
                            manifest);
            };
        case OutputKind::disk:
            return [&, result] {
                const auto extension = extension_of(manifest.format.value_or(TileFormat::png));
                const auto location = locations_.find(
                    fmt::format("{}/{{z}}/{{x}}/{{y}}.{}", result.string(), extension),
                    {.grid = manifest.grid->name(), .known_grid = manifest.grid});
                return location.open_writer(info_of(manifest));
            };
        case OutputKind::store:
        case OutputKind::ztop:
            break;
    }
    return [&] { return tileset_->open_writer(info_of(manifest)); };
}

std::optional<std::string> Output::write(const Manifest& manifest, PartialFolder& folder,
                                         const PackContext& context) {
    if (options_.as == OutputKind::ztop) {
        return folder.publish(PyramidJournal::folder_name);
    }
    const auto pyramids = folder.path() / PyramidJournal::folder_name;
    const auto pool = sqlite::make_mbtiles_pool(max_open_files);
    const auto locate = [&](const PackageFile& file) { return pyramids / file.name; };
    const auto reader = open_package(manifest, locate, *pool);
    // What a former run that was killed left of it.
    const auto result = folder.path() / result_name;
    context.files.remove_all(result);
    const bool is_file = options_.as == OutputKind::mbtiles || options_.as == OutputKind::pmtiles ||
                         options_.as == OutputKind::cog || options_.as == OutputKind::gpkg;
    const bool is_built_once = tileset_ ? tileset_->is_built_once : is_file;
    copy(*reader, writer_of(manifest, result), is_built_once, context);
    if (tileset_) {
        return folder.remove();
    }
    make_durable(result, context);
    return folder.publish(result_name);
}

}  // namespace offgrid
