#include "tests/formats/sqlite/cache_support.h"

#include "formats/image/blank.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

namespace offgrid::sqlite {
namespace {

int append_row(void* rows, int columns, char** values, char**) {
    std::string row;
    for (int i = 0; i < columns; ++i) {
        row += (i == 0 ? "" : "|") + std::string{values[i] == nullptr ? "NULL" : values[i]};
    }
    static_cast<std::vector<std::string>*>(rows)->push_back(std::move(row));
    return 0;
}

}  // namespace

CacheOptions cache_in(const std::filesystem::path& file, CacheSchema schema) {
    return {.name = "c", .schema = schema, .file = file.string()};
}

TilesetSlice slice_on(const Grid& grid) {
    return {.info = {.grid = &grid}, .values = {.tileset = "osm", .extension = "png"}};
}

std::vector<std::string> rows(const std::filesystem::path& path, const std::string& sql) {
    sqlite3* db = nullptr;
    if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) {
        throw std::runtime_error{"cannot open " + path.string()};
    }
    std::vector<std::string> result;
    char* message = nullptr;
    const int code = sqlite3_exec(db, sql.c_str(), &append_row, &result, &message);
    const std::string text = message == nullptr ? "" : message;
    sqlite3_free(message);
    sqlite3_close(db);
    if (code != SQLITE_OK) {
        throw std::runtime_error{text};
    }
    return result;
}

void execute(const std::filesystem::path& path, const std::string& sql) {
    rows(path, sql);
}

Bytes blank_tile() {
    return blank_png({{30, 20, 10, 255}}, 256, 256);
}

}  // namespace offgrid::sqlite
