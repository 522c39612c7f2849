#include "tests/formats/gpkg/gpkg_support.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

namespace offgrid::test {
namespace {

struct CloseDb {
    void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
};

std::unique_ptr<sqlite3, CloseDb> open(const std::filesystem::path& path) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open(path.c_str(), &raw);
    std::unique_ptr<sqlite3, CloseDb> db{raw};
    if (code != SQLITE_OK ||
        sqlite3_exec(raw, "PRAGMA synchronous=OFF", nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw std::runtime_error{sqlite3_errmsg(raw)};
    }
    return db;
}

int add_row(void* rows, int count, char** values, char** /*names*/) {
    std::string row;
    for (int i = 0; i < count; ++i) {
        row += fmt::format("{}{}", i == 0 ? "" : "|", values[i] == nullptr ? "" : values[i]);
    }
    static_cast<std::vector<std::string>*>(rows)->push_back(std::move(row));
    return 0;
}

}  // namespace

void execute_sql(const std::filesystem::path& path, const std::string& sql) {
    query_sql(path, sql);
}

std::vector<std::string> query_sql(const std::filesystem::path& path, const std::string& sql) {
    const auto db = open(path);
    std::vector<std::string> rows;
    if (sqlite3_exec(db.get(), sql.c_str(), &add_row, &rows, nullptr) != SQLITE_OK) {
        throw std::runtime_error{sqlite3_errmsg(db.get())};
    }
    return rows;
}

void write_gpkg(const std::filesystem::path& path, const Pyramid& pyramid, StoreInfo info,
                const std::string& table) {
    gpkg::GpkgWriter writer{path, std::move(info), table};
    for (const auto& [key, word] : pyramid) {
        writer.put(key, png_bytes(word));
    }
    writer.commit();
}

std::string foreign_gpkg_sql(const std::string& box) {
    return fmt::format(
        "PRAGMA application_id=0x47504B47;"
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL"
        " PRIMARY KEY, organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL,"
        " definition TEXT NOT NULL, description TEXT);"
        "INSERT INTO gpkg_spatial_ref_sys VALUES ('m', 7, 'epsg', 3857, 'undefined', NULL);"
        "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,"
        " identifier TEXT UNIQUE, description TEXT, last_change DATETIME,"
        " min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);"
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)"
        " VALUES ('map', 'tiles', 'The map', 7);"
        "CREATE TABLE gpkg_tile_matrix_set (table_name TEXT NOT NULL PRIMARY KEY, srs_id INTEGER,"
        " min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE);"
        "INSERT INTO gpkg_tile_matrix_set VALUES ('map', 7, {});"
        "CREATE TABLE gpkg_tile_matrix (table_name TEXT NOT NULL, zoom_level INTEGER NOT NULL,"
        " matrix_width INTEGER, matrix_height INTEGER, tile_width INTEGER, tile_height INTEGER,"
        " pixel_x_size DOUBLE, pixel_y_size DOUBLE, PRIMARY KEY (table_name, zoom_level));"
        "CREATE TABLE map (id INTEGER PRIMARY KEY AUTOINCREMENT, zoom_level INTEGER,"
        " tile_column INTEGER, tile_row INTEGER, tile_data BLOB,"
        " UNIQUE (zoom_level, tile_column, tile_row));"
        "CREATE TRIGGER map_insert BEFORE INSERT ON map BEGIN"
        " SELECT RAISE(ABORT, 'no zoom') WHERE NEW.zoom_level < 0; END;"
        "CREATE VIRTUAL TABLE rtree_points USING rtree(id, minx, maxx, miny, maxy);",
        box);
}

std::string matrix_sql(int zoom, int columns, int rows, int grid_zoom) {
    const double pixel = std::ldexp(20037508.342789244 / 128, -grid_zoom);
    return fmt::format(
        "INSERT INTO gpkg_tile_matrix VALUES ('map', {0}, {1}, {2}, 256, 256, {3}, {3});", zoom,
        columns, rows, pixel);
}

std::string tile_sql(int zoom, long column, long row, const std::string& word) {
    return fmt::format(
        "INSERT INTO map (zoom_level, tile_column, tile_row, tile_data)"
        " VALUES ({}, {}, {}, CAST(x'89504E470D0A1A0A' || '{}' AS BLOB));",
        zoom, column, row, word);
}

}  // namespace offgrid::test
