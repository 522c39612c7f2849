#include "formats/gpkg/gpkg_writer.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/gpkg/gpkg_schema.h"
#include "formats/tile/lonlat.h"
#include "formats/tile/tile_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace offgrid::gpkg {
namespace {

namespace fs = std::filesystem;

/// The time of the last change. A file that is packed anew out of the same tiles is the same file,
/// byte for byte, so it cannot tell when; readers compare these times within one file only.
constexpr std::string_view last_change = "1970-01-01T00:00:00.000Z";

/// Other programs keep their own tables under such names.
constexpr std::string_view reserved_prefixes[] = {"gpkg_", "sqlite_", "rtree_"};

constexpr std::size_t max_table_name = 200;

bool is_reserved(std::string_view name) {
    const auto lower = lower_case(name);
    return std::ranges::any_of(reserved_prefixes,
                               [&](std::string_view prefix) { return lower.starts_with(prefix); });
}

std::string checked_table(const fs::path& path, std::string table) {
    if (table.empty()) {
        return table_name_of(path);
    }
    const bool is_plain = std::ranges::all_of(
        table, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    if (!is_plain || table.size() > max_table_name || is_reserved(table)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write to {}: '{}' is no name for a table of tiles",
                                path.string(), table)};
    }
    return table;
}

/// The box with edges on those of pixels, outwards: so a program that opens the content as one
/// image finds whole pixels.
Box snapped(const Box& box, const Box& origin, double pixel) {
    const auto down = [&](double edge, double from) {
        return from + std::floor((edge - from) / pixel + 1e-6) * pixel;
    };
    const auto up = [&](double edge, double from) {
        return from + std::ceil((edge - from) / pixel - 1e-6) * pixel;
    };
    return {down(box.min_x, origin.min_x), origin.max_y - up(origin.max_y - box.min_y, 0),
            up(box.max_x, origin.min_x), origin.max_y - down(origin.max_y - box.max_y, 0)};
}

}  // namespace

std::string table_name_of(const fs::path& path) {
    std::string name;
    for (const char c : lower_case(path.stem().string())) {
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        name += is_word ? c : '_';
    }
    name.resize(std::min(name.size(), max_table_name));
    const bool begins_well = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
    return begins_well && !is_reserved(name) ? name : "tiles_" + name;
}

GpkgWriter::GpkgWriter(fs::path path, StoreInfo info, std::string table, FileOps& files)
    : path_{std::move(path)},
      info_{std::move(info)},
      table_{checked_table(path_, std::move(table))},
      files_{files},
      reference_{[&]() -> const SpatialReference& {
          try {
              return reference_of(*info_.grid);
          } catch (const Error& error) {
              rethrow_with(error, "cannot write to {}", path_.string());
          }
      }()},
      set_{matrix_set_of(*info_.grid, info_.min_zoom, info_.max_zoom)},
      map_{set_, *info_.grid},
      part_{path_, files} {
    db_ = std::make_unique<sqlite::Db>(part_.path(), sqlite::OpenMode::build);
    db_->execute("PRAGMA page_size=4096");
    db_->execute(header_pragmas);
    db_->execute("BEGIN");
    db_->execute(core_ddl);
    db_->execute(fmt::format("CREATE TABLE {} {}", quoted_name(table_), tiles_columns).c_str());
    insert_ = db_->prepare(
        fmt::format("INSERT INTO {} (zoom_level, tile_column, tile_row, tile_data)"
                    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (zoom_level, tile_column, tile_row)"
                    " DO UPDATE SET tile_data=excluded.tile_data",
                    quoted_name(table_)));
}

GpkgWriter::~GpkgWriter() = default;

void GpkgWriter::require_open() const {
    if (!db_) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write to {}: it is finished", path_.string())};
    }
}

Address GpkgWriter::address_of(const TileKey& key) const {
    const auto address = map_.address_of(key);
    if (!address) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write to {}: tile {}/{}/{} is not in the zooms {} to {} of "
                                "grid '{}'",
                                path_.string(), key.z, key.x, key.y, info_.min_zoom, info_.max_zoom,
                                info_.grid->name())};
    }
    return *address;
}

void GpkgWriter::put(const TileKey& key, BytesView content) {
    require_open();
    const auto address = address_of(key);
    const auto format = sniff_format(content);
    if (!format || *format == TileFormat::pbf) {
        throw Error{content.empty() ? Errc::invalid_argument : Errc::unsupported,
                    fmt::format("cannot write to {}: tile {}/{}/{} is no PNG, JPEG or WebP image",
                                path_.string(), key.z, key.x, key.y)};
    }
    insert_->bind(1, address.zoom)
        .bind(2, address.column)
        .bind(3, address.row)
        .bind(4, content)
        .execute();
    has_webp_ = has_webp_ || *format == TileFormat::webp;
}

void GpkgWriter::erase(const TileKey& key) {
    require_open();
    const auto address = address_of(key);
    auto erase = db_->prepare(
        fmt::format("DELETE FROM {} WHERE zoom_level=?1 AND tile_column=?2 AND tile_row=?3",
                    quoted_name(table_)));
    erase.bind(1, address.zoom).bind(2, address.column).bind(3, address.row).execute();
}

/// What the tiles show: those of the deepest zoom, and of these only what the bounds say, for the
/// rest of a tile may be empty. Nothing where there are no tiles.
std::optional<Box> GpkgWriter::content_box() const {
    auto edges = db_->prepare(fmt::format(
        "SELECT zoom_level, min(tile_column), min(tile_row), max(tile_column), max(tile_row)"
        " FROM {0} WHERE zoom_level=(SELECT max(zoom_level) FROM {0})",
        quoted_name(table_)));
    if (!edges.step() || edges.is_null(1)) {
        return std::nullopt;
    }
    const auto& grid = *info_.grid;
    const auto first = *map_.key_of({edges.integer(0), edges.integer(1), edges.integer(2)});
    const auto last = *map_.key_of({edges.integer(0), edges.integer(3), edges.integer(4)});
    const auto tiles = grid.box_of(TileRange{first.z, first.x, first.y, last.x + 1, last.y + 1});
    const auto bounds = info_.bounds ? from_lonlat(grid.srs(), *info_.bounds) : std::nullopt;
    const auto shown =
        bounds ? intersection(tiles, snapped(*bounds, tiles, grid.resolution(first.z))) : tiles;
    return shown.is_empty() ? tiles : shown;
}

void GpkgWriter::write_references() {
    auto insert = db_->prepare(
        "INSERT OR REPLACE INTO gpkg_spatial_ref_sys (srs_name, srs_id, organization,"
        " organization_coordsys_id, definition, description) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    const auto write = [&](const SpatialReference& reference) {
        insert.bind(1, reference.name).bind(2, reference.id).bind(3, reference.organization);
        insert.bind(4, reference.organization_id).bind(5, reference.definition);
        insert.bind(6, reference.description).execute();
    };
    for (const auto& reference : required_references()) {
        write(reference);
    }
    write(reference_);
}

void GpkgWriter::write_contents() {
    const auto box = content_box();
    auto insert = db_->prepare(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change,"
        " min_x, min_y, max_x, max_y, srs_id)"
        " VALUES (?1, 'tiles', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    insert.bind(1, table_).bind(2, info_.name.empty() ? table_ : info_.name);
    insert.bind(3, info_.description).bind(4, last_change).bind(9, reference_.id);
    if (box) {
        insert.bind_real(5, box->min_x).bind_real(6, box->min_y);
        insert.bind_real(7, box->max_x).bind_real(8, box->max_y);
    }
    insert.execute();
}

void GpkgWriter::write_matrices() {
    auto insert_set = db_->prepare(
        "INSERT INTO gpkg_tile_matrix_set (table_name, srs_id, min_x, min_y, max_x, max_y)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    insert_set.bind(1, table_).bind(2, reference_.id);
    insert_set.bind_real(3, set_.box.min_x).bind_real(4, set_.box.min_y);
    insert_set.bind_real(5, set_.box.max_x).bind_real(6, set_.box.max_y).execute();
    auto insert = db_->prepare(
        "INSERT INTO gpkg_tile_matrix (table_name, zoom_level, matrix_width, matrix_height,"
        " tile_width, tile_height, pixel_x_size, pixel_y_size)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    for (const auto& matrix : set_.matrices) {
        insert.bind(1, table_).bind(2, matrix.zoom).bind(3, matrix.columns).bind(4, matrix.rows);
        insert.bind(5, matrix.tile_width).bind(6, matrix.tile_height);
        insert.bind_real(7, matrix.pixel_width).bind_real(8, matrix.pixel_height).execute();
    }
}

void GpkgWriter::write_extensions() {
    const bool has_other_zooms = !halves_pixels(set_);
    if (!has_webp_ && !has_other_zooms) {
        return;
    }
    db_->execute(extensions_ddl);
    auto insert = db_->prepare(
        "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)"
        " VALUES (?1, 'tile_data', ?2, ?3, 'read-write')");
    const auto write = [&](std::string_view name, std::string_view definition) {
        insert.bind(1, table_).bind(2, name).bind(3, definition).execute();
    };
    if (has_webp_) {
        write("gpkg_webp", "http://www.geopackage.org/spec130/#extension_tiles_webp");
    }
    if (has_other_zooms) {
        write("gpkg_zoom_other",
              "http://www.geopackage.org/spec130/#extension_zoom_other_intervals");
    }
}

void GpkgWriter::commit() {
    require_open();
    write_references();
    write_contents();
    write_matrices();
    write_extensions();
    insert_.reset();
    db_->execute("COMMIT");
    db_.reset();
    files_.sync_file(part_.path());
    part_.publish();
}

}  // namespace offgrid::gpkg
