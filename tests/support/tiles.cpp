#include "tests/support/tiles.h"

#include "formats/base/parse_number.h"
#include "formats/package/verify.h"
#include "formats/sqlite/mbtiles_store.h"
#include "tests/support/temp_folder.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";

std::int64_t number(std::string_view text) {
    const auto value = parse_number<std::int64_t>(text);
    if (!value) {
        throw std::invalid_argument{"no number in a drawing: " + std::string{text}};
    }
    return *value;
}

/// "z8@150,127" is zoom 8 from column 150 and row 127 on.
TileKey first_tile(std::string_view head) {
    const auto at = std::min(head.find('@'), head.size());
    TileKey key{.z = static_cast<int>(number(head.substr(1, at - 1)))};
    if (at < head.size()) {
        const auto comma = head.find(',');
        key.x = number(head.substr(at + 1, comma - at - 1));
        key.y = number(head.substr(comma + 1));
    }
    return key;
}

std::vector<Pyramids> z_top(int max_zoom, const Grid& grid) {
    const int top = max_zoom > 2 ? 2 : 1;
    return {{.min_zoom = 0, .max_zoom = top - 1, .names = "z0-0-0.sqlite3"},
            {.min_zoom = top,
             .max_zoom = std::min(30, grid.levels() - 1),
             .names = "z{top}-{top_x}-{top_y}.sqlite3",
             .options = {.top = top, .formats = {{"top", "%02d"}}}}};
}

}  // namespace

Pyramid draw(std::string_view drawing) {
    Pyramid pyramid;
    std::istringstream lines{std::string{drawing}};
    TileKey first;
    TileKey next;
    for (std::string word; lines >> word;) {
        if (word.starts_with('z') && word.ends_with(':')) {
            first = next = first_tile(std::string_view{word}.substr(0, word.size() - 1));
        } else if (word == "/") {
            next = {next.z, first.x, next.y + 1};
        } else {
            if (word != ".") {
                pyramid[next] = word;
            }
            ++next.x;
        }
    }
    return pyramid;
}

std::string png(std::string_view word) {
    return std::string{png_signature}.append(word);
}

Bytes png_bytes(std::string_view word) {
    const auto content = png(word);
    return {content.begin(), content.end()};
}

std::string word_in(const std::optional<Tile>& tile) {
    return tile ? std::string{as_text(tile->content).substr(png_signature.size())} : "(absent)";
}

void write_mbtiles(const fs::path& path, const Pyramid& pyramid, const Grid& grid) {
    fs::create_directories(path.parent_path());
    int min_zoom = 30;
    int max_zoom = 0;
    for (const auto& [key, word] : pyramid) {
        min_zoom = std::min(min_zoom, key.z);
        max_zoom = std::max(max_zoom, key.z);
    }
    sqlite::MbtilesWriter writer{path,
                                 grid,
                                 {{"name", path.stem().string()},
                                  {"format", "png"},
                                  {"minzoom", std::to_string(min_zoom)},
                                  {"maxzoom", std::to_string(max_zoom)},
                                  {"bounds", "-180,-85.05,180,85.05"}}};
    for (const auto& [key, word] : pyramid) {
        writer.put(key, png_bytes(word));
    }
    writer.commit();
}

Manifest write_package(const fs::path& folder, const std::string& layer, std::string_view drawing,
                       Manifest manifest) {
    const auto pyramid = draw(drawing);
    manifest.layer = layer;
    manifest.title = layer;
    manifest.format = TileFormat::png;
    manifest.bounds = {-180, -85.05, 180, 85.05};
    manifest.min_zoom = pyramid.begin()->first.z;
    manifest.max_zoom = pyramid.rbegin()->first.z;
    if (manifest.pyramids.empty()) {
        manifest.pyramids = z_top(manifest.max_zoom, *manifest.grid);
    }
    std::map<std::string, Pyramid> files;
    for (const auto& [key, word] : pyramid) {
        const auto* const pyramids = manifest.pyramids_of(key.z);
        const PathTemplate names{pyramids->names, pyramids->options};
        files[names.render(*manifest.grid, key, {.tileset = layer})][key] = word;
    }
    for (const auto& [name, tiles] : files) {
        write_mbtiles(folder / name, tiles, *manifest.grid);
        manifest.files = manifest.files.with(verify_file(folder / name, name, manifest).file);
    }
    write_file(folder / manifest_name, to_json(manifest));
    return manifest;
}

}  // namespace offgrid::test
