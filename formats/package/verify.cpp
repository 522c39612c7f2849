#include "formats/package/verify.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/sqlite/mbtiles_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <map>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// A step of a check reads many pages before it returns a row.
constexpr std::chrono::minutes check_deadline{2};

/// The file header (sqlite.org/fileformat2.html, section 1.3): the magic text, and the write and
/// read versions, which say whether a write-ahead log belongs to the file.
void check_header(const fs::path& path) {
    std::array<char, 100> header{};
    std::ifstream file{path, std::ios::binary};
    file.read(header.data(), header.size());
    if (!file || !std::string_view{header.data(), header.size()}.starts_with(
                     std::string_view{"SQLite format 3\0", 16})) {
        throw Error{Errc::corrupt, "it is not an SQLite database"};
    }
    if (header[18] != 1 || header[19] != 1) {
        throw Error{Errc::corrupt,
                    "it is in WAL mode, so its newest tiles may be in another file; "
                    "run PRAGMA journal_mode=DELETE on it"};
    }
}

void check_pages(sqlite::Db& db) {
    auto check = db.prepare("PRAGMA quick_check(1)");
    if (!check.step() || check.text(0) != "ok") {
        throw Error{Errc::corrupt, fmt::format("it is damaged: {}", check.text(0))};
    }
}

bool is_of(std::optional<TileFormat> layer_format, BytesView content) {
    const auto format = sniff_format(content);
    if (!layer_format) {
        return format && format != TileFormat::pbf;
    }
    // A vector tile that is not compressed has no signature to look for.
    return layer_format == TileFormat::pbf ? !format || format == TileFormat::pbf
                                           : format == layer_format;
}

/// The pyramids whose files have that name, or null.
const Pyramids* pyramids_named(const Manifest& manifest, std::string_view name) {
    const auto found = std::ranges::find_if(manifest.pyramids, [&](const Pyramids& some) {
        return PathTemplate{some.names, some.options}.match(name).has_value();
    });
    return found == manifest.pyramids.end() ? nullptr : &*found;
}

/// Checks the rows of a file one after the other and sums them up.
class RowCheck {
public:
    RowCheck(const Manifest& manifest, const Pyramids& pyramids, std::string_view name)
        : manifest_{manifest},
          pyramids_{pyramids},
          name_{name},
          names_{pyramids.names, pyramids.options} {}

    /// Row counts from the south. Throws `corrupt` for a tile that does not belong into the file.
    void take(std::int64_t z, std::int64_t x, std::int64_t row, BytesView content) {
        const auto bad = [&](std::string_view what) {
            return Error{Errc::corrupt,
                         fmt::format("tile {}/{}/{} (row from the south) {}", z, x, row, what)};
        };
        const auto& grid = *manifest_.grid;
        const bool in_zooms = z >= pyramids_.min_zoom && z <= pyramids_.max_zoom;
        const TileKey key{in_zooms ? static_cast<int>(z) : -1, x,
                          in_zooms ? grid.flip(static_cast<int>(z), row) : 0};
        if (!grid.contains(key) || !names_.places(grid, key, name_, {.tileset = manifest_.layer})) {
            throw bad("lies outside what the name covers");
        }
        if (!is_of(manifest_.format, content)) {
            throw bad(fmt::format("is not {}",
                                  manifest_.format ? extension_of(*manifest_.format) : "an image"));
        }
        ++tiles_;
        min_zoom_ = std::min(min_zoom_, key.z);
        auto& extent =
            extents_.try_emplace(key.z, TileRange{key.z, key.x, key.y, key.x, key.y}).first->second;
        extent = {key.z, std::min(extent.min_x, key.x), std::min(extent.min_y, key.y),
                  std::max(extent.max_x, key.x + 1), std::max(extent.max_y, key.y + 1)};
    }

    /// What was taken. Throws `corrupt` when that is nothing.
    VerifiedFile finish(PackageFile file) const {
        if (tiles_ == 0) {
            throw Error{Errc::corrupt, "it holds no tiles"};
        }
        file.tiles = tiles_;
        file.min_zoom = min_zoom_;
        file.max_zoom = extents_.rbegin()->first;
        return {std::move(file), extents_.rbegin()->second};
    }

private:
    const Manifest& manifest_;
    const Pyramids& pyramids_;
    std::string_view name_;
    PathTemplate names_;
    std::int64_t tiles_ = 0;
    int min_zoom_ = std::numeric_limits<int>::max();
    std::map<int, TileRange> extents_;  // by zoom
};

}  // namespace

VerifiedFile verify_file(const fs::path& path, std::string_view name, const Manifest& manifest,
                         const Checkpoint& checkpoint) {
    const auto* const pyramids = pyramids_named(manifest, name);
    if (pyramids == nullptr || !is_contained_name(name)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("layer '{}' has no file '{}'", manifest.layer, name)};
    }
    try {
        check_header(path);
        sqlite::MbtilesFile file{path, "it"};
        file.db().set_deadline(check_deadline);
        check_pages(file.db());
        file.check_addresses();
        RowCheck rows{manifest, *pyramids, name};
        file.scan_rows([&](std::int64_t z, std::int64_t x, std::int64_t row, BytesView content) {
            checkpoint();
            rows.take(z, x, row, content);
        });
        return rows.finish({.name = std::string{name},
                            .bytes = fs::file_size(path),
                            .sha256 = sha256_hex_of_file(path)});
    } catch (const Error& error) {
        rethrow_with(error, "file '{}'", name);
    }
}

void verify_package(const fs::path& folder, const Manifest& manifest,
                    const Checkpoint& checkpoint) {
    for (const auto& expected : manifest.files) {
        const auto path = folder / expected.name;
        if (!fs::is_regular_file(fs::symlink_status(path))) {
            throw Error{
                Errc::corrupt,
                fmt::format("file '{}' is in the manifest but not in the package", expected.name)};
        }
        if (verify_file(path, expected.name, manifest, checkpoint).file != expected) {
            throw Error{
                Errc::corrupt,
                fmt::format("file '{}' is not the one that the manifest describes", expected.name)};
        }
    }
}

}  // namespace offgrid
