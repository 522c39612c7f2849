#include "formats/sqlite/mbtiles_metadata.h"

#include "formats/base/parse_number.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/tile/lonlat.h"
#include "formats/tile/tile_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace offgrid::sqlite {
namespace {

using Metadata = std::map<std::string, std::string>;

Metadata read(Db& db) {
    Metadata metadata;
    auto select = db.prepare("SELECT name, value FROM metadata");
    while (select.step()) {
        metadata.emplace(select.text(0), select.text(1));
    }
    return metadata;
}

/// The zooms of all tiles, also of those that were there before.
std::pair<int, int> zooms(CacheFile& file, const CacheSlice& slice, const Metadata& known,
                          const MbtilesPuts& puts) {
    const auto stated = [&](const char* name) -> std::optional<int> {
        const auto found = known.find(name);
        return found == known.end() ? std::nullopt : parse_number<int>(found->second);
    };
    const auto lowest = stated("minzoom");
    const auto highest = stated("maxzoom");
    if (!lowest || !highest) {
        return zooms_of_tiles(file.db(), file.mbtiles_layout(), slice.grid());
    }
    return puts.deepest
               ? std::pair{std::min(*lowest, puts.min_zoom), std::max(*highest, puts.deepest->z)}
               : std::pair{*lowest, *highest};
}

/// What the tiles of a zoom cover, in degrees.
std::optional<Box> covered(CacheFile& file, const CacheSlice& slice, int z) {
    auto edges = file.db().prepare(
        fmt::format("SELECT min(tile_column), max(tile_column), min(tile_row), max(tile_row)"
                    " FROM {} WHERE zoom_level=?",
                    address_table(file.mbtiles_layout())));
    if (!edges.bind(1, std::int64_t{z}).step() || edges.is_null(0)) {
        return std::nullopt;
    }
    const auto one = slice.key_of(z, edges.integer(0), edges.integer(2));
    const auto other = slice.key_of(z, edges.integer(1), edges.integer(3));
    const TileRange range{z, one.x, std::min(one.y, other.y), other.x + 1,
                          std::max(one.y, other.y) + 1};
    const auto& grid = slice.grid();
    const auto inside = intersection(range, grid.whole(z));
    return inside.is_empty() ? std::nullopt : to_lonlat(grid.srs(), grid.box_of(inside));
}

/// What the tileset says that it is limited to. Bounds that reach as far as the grid limit nothing.
std::optional<Box> restriction(const StoreInfo& info) {
    constexpr double tolerance = 1e-9;  // degrees, of projecting
    const auto whole = to_lonlat(info.grid->srs(), info.grid->extent());
    const bool is_whole = info.bounds && whole && info.bounds->min_x <= whole->min_x + tolerance &&
                          info.bounds->min_y <= whole->min_y + tolerance &&
                          info.bounds->max_x >= whole->max_x - tolerance &&
                          info.bounds->max_y >= whole->max_y - tolerance;
    return is_whole ? std::nullopt : info.bounds;
}

/// Of all tiles, also of those that were there before.
std::optional<Box> bounds(CacheFile& file, const CacheSlice& slice, const StoreInfo& info,
                          const Metadata& known, const MbtilesPuts& puts, int max_zoom) {
    const auto found = known.find("bounds");
    const auto before = found == known.end() ? std::nullopt : parse_bounds(found->second);
    auto now = restriction(info);
    if (!now && !before) {
        return covered(file, slice, max_zoom);
    }
    if (!now && puts.deepest) {
        now = to_lonlat(slice.grid().srs(), slice.grid().box_of(*puts.deepest));
    }
    return now && before ? hull(*now, *before) : now ? now : before;
}

std::string bounds_text(const Box& box) {
    return fmt::format("{:.10g},{:.10g},{:.10g},{:.10g}", box.min_x, box.min_y, box.max_x,
                       box.max_y);
}

void write(Db& db, const Metadata& known, const Metadata& wanted) {
    auto remove = db.prepare("DELETE FROM metadata WHERE name=?");
    auto insert = db.prepare("INSERT INTO metadata (name, value) VALUES (?, ?)");
    for (const auto& [name, value] : wanted) {
        const auto found = known.find(name);
        if (found == known.end() || found->second != value) {
            remove.bind(1, name).execute();
            insert.bind(1, name).bind(2, value).execute();
        }
    }
}

}  // namespace

void MbtilesPuts::add(const TileKey& key, BytesView content) {
    if (!format) {
        format = sniff_format(content);
    }
    min_zoom = deepest ? std::min(min_zoom, key.z) : key.z;
    const TileRange one{key.z, key.x, key.y, key.x + 1, key.y + 1};
    if (!deepest || key.z > deepest->z) {
        deepest = one;
    } else if (key.z == deepest->z) {
        deepest = {key.z, std::min(deepest->min_x, one.min_x), std::min(deepest->min_y, one.min_y),
                   std::max(deepest->max_x, one.max_x), std::max(deepest->max_y, one.max_y)};
    }
}

void update_mbtiles_metadata(CacheFile& file, const CacheSlice& slice, const TilesetSlice& tileset,
                             const MbtilesPuts& puts) {
    auto& db = file.db();
    if (!has_columns(columns_of(db, "metadata"), {"name", "value"})) {
        return;
    }
    const auto known = read(db);
    const auto& info = tileset.info;
    const auto [min_zoom, max_zoom] = zooms(file, slice, known, puts);
    Metadata wanted{{"minzoom", std::to_string(min_zoom)}, {"maxzoom", std::to_string(max_zoom)}};
    const auto set_unless_known = [&](const char* name, std::string value) {
        if (!value.empty() && !known.contains(name)) {
            wanted[name] = std::move(value);
        }
    };
    const auto format = info.format ? info.format : puts.format;
    set_unless_known("name", !info.name.empty()         ? info.name
                             : !slice.tileset().empty() ? slice.tileset()
                                                        : "tiles");
    set_unless_known("format", format ? std::string{extension_of(*format)} : "");
    set_unless_known("type", "baselayer");
    set_unless_known("version", "1");
    set_unless_known("attribution", info.attribution);
    set_unless_known("description", info.description);
    if (const auto box = bounds(file, slice, info, known, puts, max_zoom)) {
        wanted["bounds"] = bounds_text(*box);
        set_unless_known("center", fmt::format("{:.10g},{:.10g},{}", (box->min_x + box->max_x) / 2,
                                               (box->min_y + box->max_y) / 2, min_zoom));
    }
    write(db, known, wanted);
}

void update_zoom_rows(Db& db, MbtilesLayout layout) {
    if (!has_columns(columns_of(db, "metadata"), {"name", "value"})) {
        return;
    }
    auto zooms = db.prepare(
        fmt::format("SELECT (SELECT min(zoom_level) FROM {0}), (SELECT max(zoom_level) FROM {0})",
                    address_table(layout)));
    zooms.step();
    write(db, read(db),
          {{"minzoom", std::to_string(zooms.integer(0))},
           {"maxzoom", std::to_string(zooms.integer(1))}});
}

void widen_bounds_row(Db& db, MbtilesLayout layout, const Grid& grid) {
    if (!has_columns(columns_of(db, "metadata"), {"name", "value"})) {
        return;
    }
    auto edges = db.prepare(fmt::format(
        "SELECT zoom_level, min(tile_column), max(tile_column), min(tile_row), max(tile_row)"
        " FROM {0} WHERE zoom_level=(SELECT max(zoom_level) FROM {0} WHERE zoom_level<?)",
        address_table(layout)));
    if (!edges.bind(1, std::int64_t{grid.levels()}).step() || edges.is_null(0)) {
        return;
    }
    const auto z = static_cast<int>(edges.integer(0));
    const TileRange tiles{z, edges.integer(1), grid.flip(z, edges.integer(4)), edges.integer(2) + 1,
                          grid.flip(z, edges.integer(3)) + 1};
    const auto inside = intersection(tiles, grid.whole(z));
    const auto box = to_lonlat(grid.srs(), grid.box_of(inside));
    if (inside.is_empty() || !box) {
        return;
    }
    const auto known = read(db);
    const auto found = known.find("bounds");
    const auto before = found == known.end() ? std::nullopt : parse_bounds(found->second);
    const auto now = before ? hull(*before, *box) : *box;
    if (now != before) {
        write(db, known, {{"bounds", bounds_text(now)}});
    }
}

}  // namespace offgrid::sqlite
