#include "formats/sqlite/mbtiles_store.h"

#include "formats/base/canonical_path.h"
#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace offgrid::sqlite {
namespace {

namespace fs = std::filesystem;

/// Without metadata the zooms are looked up in the tiles, which may mean reading a whole index.
constexpr std::chrono::seconds opening_deadline{30};

void rename_or_throw(const fs::path& from, const fs::path& to) {
    std::error_code failure;
    fs::rename(from, to, failure);
    if (failure) {
        throw system_error(failure.value(), fmt::format("cannot rename to {}", to.string()));
    }
}

/// Throws `corrupt` for a row whose address is no integer.
void check_address(const Db& db, const Statement& row) {
    if (!row.is_integer(0) || !row.is_integer(1) || !row.is_integer(2)) {
        throw Error{Errc::corrupt,
                    fmt::format("{} has a tile whose address is not a number", db.file())};
    }
}

/// Zoom limits from the metadata where it has them, else from the tiles.
std::pair<int, int> zooms_of(MbtilesFile& file, const std::map<std::string, std::string>& metadata,
                             const Grid& grid) {
    const auto stated = [&](const char* name) -> std::optional<int> {
        const auto found = metadata.find(name);
        const auto zoom = found == metadata.end() ? std::nullopt : parse_number<int>(found->second);
        return zoom && *zoom >= 0 && *zoom < grid.levels() ? zoom : std::nullopt;
    };
    const auto lowest = stated("minzoom");
    const auto highest = stated("maxzoom");
    if (lowest && highest && *lowest <= *highest) {
        return {*lowest, *highest};
    }
    return file.zooms(grid);
}

}  // namespace

std::optional<Box> parse_bounds(std::string_view text) {
    std::array<double, 4> edges{};
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const auto comma = text.find(',');
        auto number = text.substr(0, comma);
        number.remove_prefix(std::min(number.find_first_not_of(' '), number.size()));
        const auto edge = parse_number<double>(number);
        if (!edge || (comma == std::string_view::npos) != (i + 1 == edges.size())) {
            return std::nullopt;
        }
        edges[i] = *edge;
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    const Box box{edges[0], edges[1], edges[2], edges[3]};
    const bool is_on_earth = std::ranges::all_of(edges, [](double edge) {
        return std::isfinite(edge) && std::abs(edge) <= 180.5;  // some round outwards
    });
    const auto bounds = intersection(box, {-180, -90, 180, 90});
    return is_on_earth && !bounds.is_empty() ? std::optional{bounds} : std::nullopt;
}

// --- MbtilesFile

MbtilesFile::MbtilesFile(const fs::path& path, std::string shown_as, PageAccess pages)
    : db_{path, OpenMode::immutable, std::move(shown_as)},
      layout_{recognise_mbtiles(db_)},
      select_tile_{db_.prepare(select_tile_sql(layout_))} {
    db_.keep_few_pages();
    if (pages == PageAccess::mapped) {
        db_.map_pages();
    }
}

std::optional<Tile> MbtilesFile::get(const Grid& grid, const TileKey& key) {
    select_tile_.bind(1, key.z).bind(2, key.x).bind(3, grid.flip(key.z, key.y));
    struct Reset {
        Statement& statement;
        ~Reset() { statement.reset(); }
    } const reset{select_tile_};
    if (!select_tile_.step()) {
        return std::nullopt;
    }
    auto content = select_tile_.copy_of_blob(0);
    return content.empty() ? std::nullopt : std::optional{Tile{std::move(content)}};
}

void MbtilesFile::scan(const Grid& grid, const TileRange& wanted,
                       const TileReader::Visitor& visit) {
    if (wanted.z < 0 || wanted.z >= grid.levels()) {
        return;
    }
    const auto range = intersection(wanted, grid.whole(wanted.z));
    if (range.is_empty()) {
        return;
    }
    auto select = db_.prepare(select_tiles_sql(layout_));
    select.bind(1, range.z).bind(2, range.min_x).bind(3, range.max_x - 1);
    select.bind(4, grid.flip(range.z, range.max_y - 1)).bind(5, grid.flip(range.z, range.min_y));
    while (select.step()) {
        if (const auto content = select.blob(3); !content.empty()) {
            visit({range.z, select.integer(1), grid.flip(range.z, select.integer(2))}, content);
        }
    }
}

void MbtilesFile::visit_rows(const std::function<void(const Row& row)>& visit) {
    auto select = db_.prepare(select_rows_sql(layout_));
    const auto number = [&](int column) {
        return select.is_integer(column) ? std::optional{select.integer(column)} : std::nullopt;
    };
    while (select.step()) {
        visit({number(0), number(1), number(2),
               select.is_null(3) ? std::nullopt : std::optional{select.blob(3)}});
    }
}

void MbtilesFile::list_rows(const Grid& grid, const TileReader::SizeVisitor& visit) {
    auto select = db_.prepare(select_rows_sql(layout_, TileColumn::size));
    while (select.step()) {
        check_address(db_, select);
        if (select.integer(3) > 0) {
            const auto z = select.integer(0);
            const bool is_zoom = z >= 0 && z < grid.levels();
            visit({is_zoom ? static_cast<int>(z) : -1, select.integer(1),
                   is_zoom ? grid.flip(static_cast<int>(z), select.integer(2)) : select.integer(2)},
                  static_cast<std::uint64_t>(select.integer(3)));
        }
    }
}

void MbtilesFile::scan_rows(const RowVisitor& visit) {
    auto select = db_.prepare(select_rows_sql(layout_));
    while (select.step()) {
        check_address(db_, select);
        if (select.is_null(3)) {
            throw Error{Errc::corrupt,
                        fmt::format("{} has no content for its tile {}/{}/{}", db_.file(),
                                    select.integer(0), select.integer(1), select.integer(2))};
        }
        visit(select.integer(0), select.integer(1), select.integer(2), select.blob(3));
    }
}

std::map<std::string, std::string> MbtilesFile::metadata() {
    auto exists = db_.prepare("SELECT 1 FROM sqlite_schema WHERE type='table' AND name='metadata'");
    if (!exists.step()) {
        return {};
    }
    std::map<std::string, std::string> metadata;
    auto select = db_.prepare("SELECT name, value FROM metadata");
    while (select.step()) {
        metadata.emplace(select.text(0), select.text(1));
    }
    return metadata;
}

std::unique_ptr<MbtilesPool> make_mbtiles_pool(std::size_t capacity, PageAccess pages) {
    return std::make_unique<MbtilesPool>(
        capacity,
        [pages](const std::string& path) {
            return std::make_unique<MbtilesFile>(path, std::string{}, pages);
        },
        MbtilesPool::Keep::all, &canonical_path);
}

// --- MbtilesReader

MbtilesReader::MbtilesReader(const fs::path& path, const Grid& grid, MbtilesPool& pool)
    : path_{pool.spelled(path.string())}, pool_{pool}, hold_{pool.hold({path_})} {
    MbtilesFile file{path};
    file.db().set_deadline(opening_deadline);
    const auto metadata = file.metadata();
    const auto word = [&](const char* name) {
        const auto found = metadata.find(name);
        return found == metadata.end() ? std::string{} : found->second;
    };
    info_.grid = &grid;
    info_.name = word("name");
    info_.description = word("description");
    info_.attribution = word("attribution");
    info_.format = format_named(word("format"));
    info_.bounds = parse_bounds(word("bounds"));
    std::tie(info_.min_zoom, info_.max_zoom) = zooms_of(file, metadata, grid);
}

std::optional<Tile> MbtilesReader::get(const TileKey& key) const {
    if (!info_.grid->contains(key)) {
        return std::nullopt;
    }
    return pool_.acquire(path_, handle_timeout)->get(*info_.grid, key);
}

void MbtilesReader::scan(const TileRange& range, const Visitor& visit) const {
    pool_.acquire(path_, handle_timeout)->scan(*info_.grid, range, visit);
}

// --- MbtilesWriter

MbtilesWriter::MbtilesWriter(fs::path path, const Grid& grid,
                             std::map<std::string, std::string> metadata)
    : path_{std::move(path)}, part_{path_}, grid_{grid}, metadata_{std::move(metadata)} {
    part_ += ".part";
    if (fs::exists(path_)) {
        throw Error{Errc::already_exists, fmt::format("{} exists already", path_.string())};
    }
    std::error_code ignored;
    fs::remove(part_, ignored);  // of a writer that died
    db_ = std::make_unique<Db>(part_, OpenMode::build);
    // The last page of each tile is half empty: with pages of 4096 bytes a file of small tiles is a
    // tenth larger.
    db_->execute("PRAGMA page_size=2048");
    db_->execute("BEGIN");
    db_->execute(mbtiles_ddl);
    insert_image_ =
        db_->prepare("INSERT OR IGNORE INTO images (tile_id, tile_data) VALUES (?1, ?2)");
    insert_map_ = db_->prepare(
        "INSERT OR REPLACE INTO map (zoom_level, tile_column, tile_row, tile_id) VALUES (?1, ?2, "
        "?3, ?4)");
}

MbtilesWriter::~MbtilesWriter() {
    if (db_) {
        insert_image_.reset();
        insert_map_.reset();
        db_.reset();
        std::error_code ignored;
        fs::remove(part_, ignored);
    }
}

void MbtilesWriter::put(const TileKey& key, BytesView content) {
    put_with_id(key, tile_id(content), content);
}

void MbtilesWriter::require_valid(const TileKey& key) const {
    if (!grid_.contains(key)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write to {}: tile {}/{}/{} is not in the grid '{}'",
                                path_.string(), key.z, key.x, key.y, grid_.name())};
    }
}

void MbtilesWriter::put_with_id(const TileKey& key, std::string_view id, BytesView content) {
    require_valid(key);
    if (content.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cannot write to {}: tile {}/{}/{} has no content", path_.string(),
                                key.z, key.x, key.y)};
    }
    ++puts_;
    insert_image_->bind(1, id).bind(2, content).execute();
    insert_map_->bind(1, key.z)
        .bind(2, key.x)
        .bind(3, grid_.flip(key.z, key.y))
        .bind(4, id)
        .execute();
}

void MbtilesWriter::erase(const TileKey& key) {
    require_valid(key);
    auto erase =
        db_->prepare("DELETE FROM map WHERE zoom_level=?1 AND tile_column=?2 AND tile_row=?3");
    erase.bind(1, key.z).bind(2, key.x).bind(3, grid_.flip(key.z, key.y)).execute();
}

void MbtilesWriter::commit() {
    if (auto rows = db_->prepare("SELECT count(*) FROM map");
        rows.step() && rows.integer(0) < puts_) {
        rows.reset();  // a tile was erased or put twice, so an image may be left over
        db_->execute("DELETE FROM images WHERE tile_id NOT IN (SELECT tile_id FROM map)");
    }
    {
        auto insert = db_->prepare("INSERT INTO metadata (name, value) VALUES (?1, ?2)");
        for (const auto& [name, value] : metadata_) {
            insert.bind(1, name).bind(2, value).execute();
        }
    }
    db_->execute("COMMIT");
    insert_image_.reset();
    insert_map_.reset();
    db_.reset();
    rename_or_throw(part_, path_);
}

}  // namespace offgrid::sqlite
