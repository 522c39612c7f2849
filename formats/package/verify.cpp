#include "formats/package/verify.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/sqlite/mbtiles_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>

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
        return format.has_value();
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

}  // namespace

PackageFile verify_file(const fs::path& path, std::string_view name, const Manifest& manifest) {
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

        const PathTemplate names{pyramids->names, pyramids->options};
        const PathValues values{.tileset = manifest.layer};
        const auto& grid = *manifest.grid;
        PackageFile summary{.name = std::string{name},
                            .bytes = fs::file_size(path),
                            .sha256 = sha256_hex_of_file(path)};
        summary.min_zoom = std::numeric_limits<int>::max();
        file.scan_rows([&](std::int64_t z, std::int64_t x, std::int64_t row, BytesView content) {
            const auto in_zooms = z >= pyramids->min_zoom && z <= pyramids->max_zoom;
            const TileKey key{in_zooms ? static_cast<int>(z) : -1, x,
                              in_zooms ? grid.flip(static_cast<int>(z), row) : 0};
            if (!grid.contains(key) || !names.places(grid, key, name, values)) {
                throw Error{
                    Errc::corrupt,
                    fmt::format(
                        "tile {}/{}/{} (row from the south) lies outside what the name covers", z,
                        x, row)};
            }
            if (!is_of(manifest.format, content)) {
                throw Error{
                    Errc::corrupt,
                    fmt::format("tile {}/{}/{} (row from the south) is not {}", z, x, row,
                                manifest.format ? extension_of(*manifest.format) : "an image")};
            }
            summary.min_zoom = std::min(summary.min_zoom, key.z);
            summary.max_zoom = std::max(summary.max_zoom, key.z);
            ++summary.tiles;
        });
        if (summary.tiles == 0) {
            throw Error{Errc::corrupt, "it holds no tiles"};
        }
        return summary;
    } catch (const Error& error) {
        rethrow_with(error, "file '{}'", name);
    }
}

void verify_package(const fs::path& folder, const Manifest& manifest) {
    for (const auto& expected : manifest.files) {
        const auto path = folder / expected.name;
        if (!fs::is_regular_file(fs::symlink_status(path))) {
            throw Error{
                Errc::corrupt,
                fmt::format("file '{}' is in the manifest but not in the package", expected.name)};
        }
        if (verify_file(path, expected.name, manifest) != expected) {
            throw Error{
                Errc::corrupt,
                fmt::format("file '{}' is not the one that the manifest describes", expected.name)};
        }
    }
}

}  // namespace offgrid
