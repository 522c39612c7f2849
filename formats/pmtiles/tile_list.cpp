#include "formats/pmtiles/tile_list.h"

#include "formats/base/error.h"
#include "formats/pmtiles/hilbert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <vector>

namespace offgrid::pmtiles {
namespace {

/// In the low bits of a hash.
constexpr std::uint64_t format_mask = 7;

constexpr std::array formats{TileFormat::png, TileFormat::jpeg, TileFormat::webp, TileFormat::pbf};

std::uint64_t number_of(std::optional<TileFormat> format) {
    if (!format) {
        return 0;
    }
    return static_cast<std::uint64_t>(std::ranges::find(formats, *format) - formats.begin() + 1);
}

std::optional<TileFormat> format_numbered(std::uint64_t number) {
    return number == 0 ? std::nullopt : std::optional{formats.at(number - 1)};
}

}  // namespace

void TileList::add(std::uint64_t id, const SpooledContent& content,
                   std::optional<TileFormat> format) {
    tiles_.push_back({.id = id,
                      .content = (content.hash & ~format_mask) | number_of(format),
                      .spooled = content.offset,
                      .length = content.length,
                      .order = next_order()});
}

void TileList::remove(std::uint64_t id) {
    tiles_.push_back({.id = id, .order = next_order()});
}

std::uint32_t TileList::next_order() {
    if (tiles_.size() >= std::numeric_limits<std::uint32_t>::max()) {
        throw Error{Errc::too_large, "a PMTiles file is made of at most 4294967295 tiles"};
    }
    return static_cast<std::uint32_t>(tiles_.size());
}

TileSummary TileList::finish(const TileSpool& spool) {
    keep_latest();
    TileSummary summary{.tiles = tiles_.size(), .format = common_format()};
    if (tiles_.empty()) {
        return summary;
    }
    summary.min_zoom = zoom_of(tiles_.front().id);
    summary.max_zoom = zoom_of(tiles_.back().id);
    summary.deepest = range_of_zoom(summary.max_zoom);
    join_equal(spool);
    summary.bytes = place();
    for_each_entry([&](const Entry&) { ++summary.entries; });
    for_each_content([&](std::uint64_t, std::uint32_t) { ++summary.contents; });
    return summary;
}

/// Of the tiles with one id only the last, unless it was removed; in the order of their ids.
void TileList::keep_latest() {
    std::ranges::sort(tiles_, {}, [](const Tile& tile) { return std::tie(tile.id, tile.order); });
    auto kept = tiles_.begin();
    for (auto tile = tiles_.begin(); tile != tiles_.end(); ++tile) {
        const auto next = tile + 1;
        const bool is_last = next == tiles_.end() || next->id != tile->id;
        if (is_last && tile->length > 0) {
            *kept++ = *tile;
        }
    }
    tiles_.erase(kept, tiles_.end());
}

/// Give equal contents one mark, the id of their first tile, and one place in the spool.
void TileList::join_equal(const TileSpool& spool) {
    std::ranges::sort(
        tiles_, {}, [](const Tile& tile) { return std::tie(tile.content, tile.length, tile.id); });
    const auto spooled = [](const Tile& tile) {
        return SpooledContent{.offset = tile.spooled, .length = tile.length};
    };
    std::vector<const Tile*> firsts;  // several only where contents share a hash
    for (auto begin = tiles_.begin(); begin != tiles_.end();) {
        const auto end = std::find_if(begin, tiles_.end(), [&](const Tile& tile) {
            return tile.content != begin->content || tile.length != begin->length;
        });
        firsts.clear();
        for (auto tile = begin; tile != end; ++tile) {
            const auto first = std::ranges::find_if(firsts, [&](const Tile* each) {
                return spool.are_equal(spooled(*each), spooled(*tile));
            });
            if (first == firsts.end()) {
                firsts.push_back(&*tile);
                tile->content = tile->id;
            } else {
                tile->content = (*first)->id;
                tile->spooled = (*first)->spooled;
            }
        }
        begin = end;
    }
}

/// Put the contents one behind the other in the order of their first tiles; how long all are.
std::uint64_t TileList::place() {
    std::ranges::sort(tiles_, {}, &Tile::id);
    std::uint64_t end = 0;
    for (auto tile = tiles_.begin(); tile != tiles_.end(); ++tile) {
        const bool is_first = tile->content == tile->id;
        if (is_first) {
            tile->content = end;
            end += tile->length;
        } else {
            const auto first =
                std::ranges::lower_bound(tiles_.begin(), tile, tile->content, {}, &Tile::id);
            tile->content = first->content;
        }
        tile->order = is_first ? 1 : 0;
    }
    return end;
}

std::optional<TileFormat> TileList::common_format() const {
    const auto number = [](const Tile& tile) { return tile.content & format_mask; };
    const bool is_common = !tiles_.empty() && std::ranges::all_of(tiles_, [&](const Tile& tile) {
        return number(tile) == number(tiles_.front());
    });
    return is_common ? format_numbered(number(tiles_.front())) : std::nullopt;
}

TileRange TileList::range_of_zoom(int z) const {
    auto tile = std::ranges::lower_bound(tiles_, first_id_of(z), {}, &Tile::id);
    const auto first = key_of(tile->id);
    TileRange range{z, first.x, first.y, first.x + 1, first.y + 1};
    for (; tile != tiles_.end(); ++tile) {
        const auto key = key_of(tile->id);
        range = {z, std::min(range.min_x, key.x), std::min(range.min_y, key.y),
                 std::max(range.max_x, key.x + 1), std::max(range.max_y, key.y + 1)};
    }
    return range;
}

void TileList::for_each_entry(const std::function<void(const Entry& entry)>& visit) const {
    Entry entry;
    for (const auto& tile : tiles_) {
        const bool goes_on = entry.run_length > 0 && tile.id == entry.end_id() &&
                             tile.content == entry.offset &&
                             entry.run_length < std::numeric_limits<std::uint32_t>::max();
        if (goes_on) {
            ++entry.run_length;
            continue;
        }
        if (entry.run_length > 0) {
            visit(entry);
        }
        entry = {tile.id, tile.content, tile.length, 1};
    }
    if (entry.run_length > 0) {
        visit(entry);
    }
}

void TileList::for_each_content(
    const std::function<void(std::uint64_t offset, std::uint32_t length)>& visit) const {
    for (const auto& tile : tiles_) {
        if (tile.order == 1) {
            visit(tile.spooled, tile.length);
        }
    }
}

}  // namespace offgrid::pmtiles
