#include "pack/pyramid_journal.h"

#include "formats/base/error.h"
#include "formats/image/decode.h"
#include "formats/image/encode.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

// Transactions are durable when they end: a pyramid that is entered is never made again.
constexpr const char* schema = R"(
    PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = FULL;
    BEGIN IMMEDIATE;
    CREATE TABLE pack (
        job TEXT NOT NULL, sources TEXT NOT NULL, shard INTEGER NOT NULL, shards INTEGER NOT NULL,
        complete INTEGER NOT NULL);
    CREATE TABLE pyramids (
        z INTEGER NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL,
        name TEXT, bytes INTEGER, sha256 TEXT, min_zoom INTEGER, max_zoom INTEGER, tiles INTEGER,
        west REAL NOT NULL, south REAL NOT NULL, east REAL NOT NULL, north REAL NOT NULL,
        image BLOB, PRIMARY KEY (x, y, z));
    CREATE TABLE damage (
        z INTEGER NOT NULL, x INTEGER NOT NULL, y INTEGER NOT NULL,
        source TEXT NOT NULL, cause TEXT NOT NULL);
)";

fs::path path_in(const fs::path& folder) {
    return folder / PyramidJournal::file_name;
}

constexpr const char* entry_columns = "z, x, y, name, bytes, sha256, min_zoom, max_zoom, tiles";

PyramidJournal::Entry entry_in(const sqlite::Statement& row) {
    PyramidJournal::Entry entry{
        .top = {static_cast<int>(row.integer(0)), row.integer(1), row.integer(2)}};
    if (!row.is_null(3)) {
        entry.file = PackageFile{.name = std::string{row.text(3)},
                                 .bytes = static_cast<std::uint64_t>(row.integer(4)),
                                 .sha256 = std::string{row.text(5)},
                                 .min_zoom = static_cast<int>(row.integer(6)),
                                 .max_zoom = static_cast<int>(row.integer(7)),
                                 .tiles = row.integer(8)};
    }
    return entry;
}

/// Lossless, colours under transparency included where they matter: those are 0 in both.
Bytes packed(const Image& image) {
    return Encoder{Encoding::png, 0}.encode(image);
}

}  // namespace

PyramidJournal::PyramidJournal(const fs::path& folder, sqlite::OpenMode mode)
    : db_{std::make_unique<sqlite::Db>(path_in(folder), mode)} {}

PyramidJournal PyramidJournal::create(const fs::path& folder, const PackIdentity& identity,
                                      const Shard& shard) {
    if (is_in(folder)) {
        throw Error{Errc::already_exists,
                    fmt::format("{}: exists already", path_in(folder).string())};
    }
    PyramidJournal journal{folder, sqlite::OpenMode::update};
    journal.db_->execute(schema);
    journal.db_->prepare("INSERT INTO pack VALUES (?, ?, ?, ?, 0)")
        .bind(1, std::string_view{identity.job})
        .bind(2, std::string_view{identity.sources})
        .bind(3, std::int64_t{shard.index})
        .bind(4, std::int64_t{shard.count})
        .execute();
    journal.db_->execute("COMMIT");
    journal.identity_ = identity;
    journal.shard_ = shard;
    return journal;
}

PyramidJournal PyramidJournal::open(const fs::path& folder) {
    PyramidJournal journal{folder, sqlite::OpenMode::existing};
    journal.read_head();
    return journal;
}

std::optional<PyramidJournal> PyramidJournal::find(const fs::path& folder) {
    if (!is_in(folder)) {
        return std::nullopt;
    }
    {
        PyramidJournal journal{folder, sqlite::OpenMode::existing};
        auto tables = journal.db_->prepare("SELECT count(*) FROM sqlite_schema");
        tables.step();
        if (tables.integer(0) > 0) {
            tables.reset();
            journal.read_head();
            return journal;
        }
    }
    fs::remove(path_in(folder));
    return std::nullopt;
}

bool PyramidJournal::is_in(const fs::path& folder) {
    return fs::exists(path_in(folder));
}

void PyramidJournal::read_head() {
    const auto corrupt = [this] {
        return Error{Errc::corrupt, fmt::format("{}: is no journal of a pack", db_->file())};
    };
    auto head = [&] {
        try {
            return db_->prepare("SELECT job, sources, shard, shards, complete FROM pack");
        } catch (const Error&) {
            throw corrupt();
        }
    }();
    if (!head.step()) {
        throw corrupt();
    }
    identity_ = {.job = std::string{head.text(0)}, .sources = std::string{head.text(1)}};
    shard_ = {.index = static_cast<int>(head.integer(2)),
              .count = static_cast<int>(head.integer(3))};
    is_complete_ = head.integer(4) != 0;
    if (shard_.count < 1 || shard_.index < 0 || shard_.index >= shard_.count) {
        throw corrupt();
    }
}

void PyramidJournal::set_complete() {
    db_->execute("UPDATE pack SET complete = 1");
    is_complete_ = true;
}

std::vector<PyramidJournal::Entry> PyramidJournal::entries() {
    std::vector<Entry> entries;
    auto rows = db_->prepare(fmt::format("SELECT {} FROM pyramids ORDER BY rowid", entry_columns));
    while (rows.step()) {
        entries.push_back(entry_in(rows));
    }
    return entries;
}

Pyramid PyramidJournal::get(const TileKey& top) {
    auto row =
        db_->prepare(fmt::format("SELECT {}, west, south, east, north, image FROM pyramids "
                                 "WHERE z = ? AND x = ? AND y = ?",
                                 entry_columns));
    row.bind(1, std::int64_t{top.z}).bind(2, top.x).bind(3, top.y);
    if (!row.step()) {
        throw Error{Errc::corrupt, fmt::format("{}: lacks the pyramid {}/{}/{}", db_->file(), top.z,
                                               top.x, top.y)};
    }
    Pyramid pyramid{.top = top, .file = entry_in(row).file};
    pyramid.shown = {row.real(9), row.real(10), row.real(11), row.real(12)};
    if (!row.is_null(13)) {
        pyramid.image = decode_tile(row.blob(13));
    }
    auto damage = db_->prepare(
        "SELECT source, cause FROM damage WHERE z = ? AND x = ? AND y = ? ORDER BY rowid");
    damage.bind(1, std::int64_t{top.z}).bind(2, top.x).bind(3, top.y);
    while (damage.step()) {
        pyramid.damage.push_back({std::string{damage.text(0)}, std::string{damage.text(1)}});
    }
    return pyramid;
}

void PyramidJournal::remove(const TileKey& top) {
    for (const char* const table : {"damage", "pyramids"}) {
        db_->prepare(fmt::format("DELETE FROM {} WHERE z = ? AND x = ? AND y = ?", table))
            .bind(1, std::int64_t{top.z})
            .bind(2, top.x)
            .bind(3, top.y)
            .execute();
    }
}

void PyramidJournal::add(const Pyramid& pyramid) {
    const auto& top = pyramid.top;
    db_->execute("BEGIN IMMEDIATE");
    auto row =
        db_->prepare("INSERT INTO pyramids VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    row.bind(1, std::int64_t{top.z}).bind(2, top.x).bind(3, top.y);
    if (const auto& file = pyramid.file) {
        row.bind(4, std::string_view{file->name})
            .bind(5, static_cast<std::int64_t>(file->bytes))
            .bind(6, std::string_view{file->sha256})
            .bind(7, std::int64_t{file->min_zoom})
            .bind(8, std::int64_t{file->max_zoom})
            .bind(9, file->tiles);
    }
    row.bind_real(10, pyramid.shown.min_x)
        .bind_real(11, pyramid.shown.min_y)
        .bind_real(12, pyramid.shown.max_x)
        .bind_real(13, pyramid.shown.max_y);
    Bytes image;
    if (pyramid.image) {
        image = packed(*pyramid.image);
        row.bind(14, BytesView{image});
    }
    row.execute();
    for (const auto& damage : pyramid.damage) {
        db_->prepare("INSERT INTO damage VALUES (?, ?, ?, ?, ?)")
            .bind(1, std::int64_t{top.z})
            .bind(2, top.x)
            .bind(3, top.y)
            .bind(4, std::string_view{damage.source})
            .bind(5, std::string_view{damage.cause})
            .execute();
    }
    db_->execute("COMMIT");
}

}  // namespace offgrid
