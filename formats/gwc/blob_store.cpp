#include "formats/gwc/blob_store.h"

#include "formats/base/error.h"
#include "formats/gwc/blob_tiles.h"
#include "formats/gwc/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;

/// One name for the root, however it is spelled, so that a file is opened under one name alone.
BlobStoreOptions checked(BlobStoreOptions options) {
    const auto refuse = [&](std::string_view why) {
        throw Error{Errc::invalid_argument, fmt::format("blob store '{}': {}", options.id, why)};
    };
    if (options.root_directory.empty()) {
        refuse("it has no rootDirectory");
    }
    std::error_code failure;
    const auto root = fs::weakly_canonical(fs::absolute(options.root_directory), failure);
    const bool ends_in_slash = !root.has_filename() && root != root.root_path();
    if (failure) {
        throw system_error(failure.value(), fmt::format("blob store '{}': cannot look for {}",
                                                        options.id, options.root_directory));
    }
    options.root_directory = (ends_in_slash ? root.parent_path() : root).string();
    if (options.root_directory.find_first_of("{}") != std::string::npos) {
        refuse("its rootDirectory has a brace");
    }
    if (options.pool_size < 1 || options.executor_concurrency < 1) {
        refuse("poolSize and executorConcurrency are at least 1");
    }
    if (options.pool_reaper_interval_ms < 1) {
        refuse("poolReaperIntervalMs is at least 1");
    }
    return options;
}

/// A clock cannot wait for every number that stands in an XML file.
std::chrono::milliseconds reap_interval(const BlobStoreOptions& options) {
    constexpr std::chrono::milliseconds longest = std::chrono::hours{24};
    return std::min(std::chrono::milliseconds{options.pool_reaper_interval_ms}, longest);
}

Zipping zipping_of(const BlobStoreOptions& options, const TilesetId& id) {
    return options.gzip_vector && is_vector_format(id.format) ? Zipping::on : Zipping::off;
}

TilesetSlice slice_of(const TilesetId& id, const StoreInfo& info) {
    return {.info = info, .values = {.tileset = id.layer}, .media_type = id.format};
}

}  // namespace

void check_suitability(const std::string& root, Suitability wanted) {
    std::error_code failure;
    const bool is_empty = !fs::exists(root, failure) || fs::is_empty(root, failure);
    const bool is_store = fs::exists(fs::path{root} / "metadata.sqlite", failure);
    if (failure && failure != std::errc::no_such_file_or_directory) {
        throw system_error(failure.value(), fmt::format("cannot look into {}", root));
    }
    if (wanted == Suitability::none || is_empty || (wanted == Suitability::existing && is_store)) {
        return;
    }
    throw Error{Errc::invalid_argument,
                fmt::format("no blob store can be made in {}: it is not empty{}", root,
                            wanted == Suitability::existing ? ", and is no store" : "")};
}

BlobStore::BlobStore(BlobStoreOptions options, const Warn& warn, FileOps& files)
    : options_{checked(std::move(options))},
      files_{files},
      found_{options_},
      metadata_{options_.root_directory},
      properties_{load_layer_properties(options_.mbtiles_metadata_directory, warn)},
      pool_{sqlite::make_cache_file_pool(static_cast<std::size_t>(options_.pool_size))},
      reaper_{*pool_, {.interval = reap_interval(options_)}} {}

/// Rows of paths count from the south, whatever the grid starts with.
sqlite::CacheOptions BlobStore::cache_options(const TilesetId& id, const Grid& grid) const {
    const bool is_southern = grid.origin() == Grid::Origin::bottom_left;
    const auto names = found_.names().render_names(id, is_southern ? "{y}" : "{inv_y}");
    const auto known = properties_.find(escaped(id.layer));
    return {.name = options_.id,
            .schema = sqlite::CacheSchema::mbtiles_dated,
            .file = in_root(names),
            .path = {.xcount = options_.column_range_count, .ycount = options_.row_range_count},
            .keeps_times = options_.use_create_time,
            .metadata = metadata_rows(
                id.layer, id.format, known == properties_.end() ? LayerProperties{} : known->second,
                options_.metadata_form)};
}

std::unique_ptr<TileReader> BlobStore::open_reader(const TilesetId& id, const StoreInfo& info,
                                                   const Expiry& expiry) const {
    return std::make_unique<BlobReader>(cache_options(id, *info.grid), slice_of(id, info), *pool_,
                                        zipping_of(options_, id), expiry);
}

std::unique_ptr<TileWriter> BlobStore::open_writer(const TilesetId& id, const StoreInfo& info,
                                                   const Expiry& expiry) {
    return std::make_unique<BlobWriter>(cache_options(id, *info.grid), slice_of(id, info), id,
                                        metadata_, zipping_of(options_, id), expiry);
}

bool BlobStore::layer_exists(const std::string& layer) const {
    require_term(FileTemplate::Term::layer, "a layer");
    return !found_.list({.layer = layer}).empty();
}

std::string BlobStore::in_root(const std::string& path) const {
    return options_.root_directory + '/' + path;
}

void BlobStore::require_term(FileTemplate::Term term, std::string_view what) const {
    if (!found_.names().has(term)) {
        throw Error{Errc::unsupported,
                    fmt::format("blob store '{}': the path template '{}' does not tell the files "
                                "of {} from others",
                                options_.id, found_.names().text(), what)};
    }
}

}  // namespace offgrid::gwc
