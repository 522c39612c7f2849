#pragma once

#include "formats/gpkg/gpkg_reader.h"
#include "formats/gpkg/gpkg_writer.h"
#include "tests/support/tiles.h"

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {

/// Run SQL with nothing of ours between it and SQLite, as a foreign program would. Throws when
/// SQLite refuses it.
void execute_sql(const std::filesystem::path& path, const std::string& sql);

/// The rows of a query, columns parted by `|`, NULL as nothing.
std::vector<std::string> query_sql(const std::filesystem::path& path, const std::string& sql);

/// Write a GeoPackage with the tiles of a drawing, each as `png(word)`.
void write_gpkg(const std::filesystem::path& path, const Pyramid& pyramid,
                StoreInfo info = {.max_zoom = 30}, const std::string& table = {});

/// What makes a GeoPackage of another program: SQL for the table `map` in EPSG:3857, whose box is
/// the world. Matrices and tiles are for the test to add.
std::string foreign_gpkg_sql(const std::string& box =
                                 "-20037508.342789244, -20037508.342789244, "
                                 "20037508.342789244, 20037508.342789244");

/// SQL for the matrix of a zoom; pixels as Web Mercator has them at `grid_zoom`.
std::string matrix_sql(int zoom, int columns, int rows, int grid_zoom);

/// SQL for a tile with `png(word)`.
std::string tile_sql(int zoom, long column, long row, const std::string& word);

}  // namespace offgrid::test
