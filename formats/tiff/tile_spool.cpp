#include "formats/tiff/tile_spool.h"

#include "formats/base/error.h"
#include "formats/base/part_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>

namespace offgrid::tiff {
namespace {

auto place_of(const SpooledTile& tile) {
    return std::tie(tile.y, tile.x);
}

SpooledTile at(const TileKey& key) {
    return {.y = static_cast<std::uint32_t>(key.y), .x = static_cast<std::uint32_t>(key.x)};
}

/// Keep the last of each key, unless that is erased.
void keep_last(SpooledTiles& tiles) {
    if (!std::ranges::is_sorted(tiles, {}, place_of)) {
        std::ranges::stable_sort(tiles, {}, place_of);
    }
    auto kept = tiles.begin();
    for (auto tile = tiles.begin(); tile != tiles.end(); ++tile) {
        const auto next = tile + 1;
        const bool is_last = next == tiles.end() || place_of(*next) != place_of(*tile);
        if (is_last && tile->size > 0) {
            *kept++ = *tile;
        }
    }
    tiles.erase(kept, tiles.end());
}

}  // namespace

void TileSpool::put(const TileKey& key, BytesView tile, std::uint16_t kind) {
    auto spooled = at(key);
    replace(spooled, tile, kind);
    tiles_[key.z].push_back(spooled);
}

void TileSpool::replace(SpooledTile& tile, BytesView content, std::uint16_t kind) {
    append(tile, content);
    tile.kind = kind;
}

void TileSpool::erase(const TileKey& key) {
    if (const auto zoom = tiles_.find(key.z); zoom != tiles_.end()) {
        zoom->second.push_back(at(key));
    }
}

void TileSpool::append(SpooledTile& tile, BytesView content) {
    if (!file_) {
        file_ = create_nameless();
    }
    // A failure in the middle leaves bytes behind `size_`, where the next attempt writes again.
    file_->write(size_, content);
    tile.offset = size_;
    tile.size = static_cast<std::uint32_t>(content.size());
    size_ += content.size();
}

/// The name lives for a moment, and no other writer makes the same.
RandomFile TileSpool::create_nameless() const {
    if (beside_.has_parent_path()) {
        disk_.create_directories(beside_.parent_path());
    }
    const auto name = unique_part_of(beside_);
    disk_.create(name);
    auto file = RandomFile::open(name.string(), RandomFile::Access::update);
    try {
        disk_.remove_all(name);
    } catch (const Error&) {
        std::error_code ignored;
        std::filesystem::remove(name, ignored);
        throw;
    }
    if (!file) {
        throw Error{Errc::io, fmt::format("{} has just been removed", name.string())};
    }
    return std::move(*file);
}

std::map<int, SpooledTiles>& TileSpool::sorted() {
    for (auto& [z, tiles] : tiles_) {
        keep_last(tiles);
    }
    std::erase_if(tiles_, [](const auto& zoom) { return zoom.second.empty(); });
    return tiles_;
}

}  // namespace offgrid::tiff
