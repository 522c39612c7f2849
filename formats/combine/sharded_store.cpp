#include "formats/combine/sharded_store.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace offgrid {
namespace {

std::vector<std::string> paths_of(const ShardMap::Paths& files) {
    std::vector<std::string> paths;
    paths.reserve(files.size());
    for (const auto& [name, path] : files) {
        paths.push_back(path);
    }
    return paths;
}

}  // namespace

ShardMap::ShardMap(Paths paths, sqlite::MbtilesPool& pool)
    : paths_{std::move(paths)}, hold_{pool.hold(paths_of(paths_))} {}

std::optional<std::string> ShardMap::find(const std::string& name) const {
    const auto found = paths_.find(name);
    return found == paths_.end() ? std::nullopt : std::optional{found->second};
}

void ShardMap::visit(const Visitor& visitor) const {
    for (const auto& [name, path] : paths_) {
        visitor(name, path);
    }
}

ShardedReader::ShardedReader(StoreInfo info, PathTemplate names, PathValues values,
                             std::unique_ptr<const ShardFiles> files, sqlite::MbtilesPool& pool)
    : info_{std::move(info)},
      names_{std::move(names)},
      values_{std::move(values)},
      files_{std::move(files)},
      pool_{pool} {}

std::optional<Tile> ShardedReader::get(const TileKey& key) const {
    if (!info_.grid->contains(key)) {
        return std::nullopt;
    }
    const auto path = files_->find(names_.render(*info_.grid, key, values_));
    if (!path) {
        return std::nullopt;
    }
    return pool_.acquire(*path, sqlite::handle_timeout)->get(*info_.grid, key);
}

void ShardedReader::scan(const TileRange& range, const Visitor& visit) const {
    files_->visit([&](const std::string& name, const std::string& path) {
        pool_.acquire(path, sqlite::handle_timeout)
            ->scan(*info_.grid, range, [&](const TileKey& key, BytesView content) {
                if (names_.places(*info_.grid, key, name,
                                  values_)) {  // a misplaced tile is not served either
                    visit(key, content);
                }
            });
    });
}

std::vector<std::string> ShardedReader::Listing::list() const {
    std::vector<std::string> names;
    reader_.files_->visit([&](const std::string& name, const std::string& path) {
        std::error_code absent;
        if (std::filesystem::is_regular_file(path, absent)) {
            names.push_back(name);
        }
    });
    std::ranges::sort(names);
    return names;
}

void ShardedReader::Listing::list_tiles(const std::string& file, const Visitor& visit) const {
    const auto path = reader_.files_->find(file);
    if (!path) {
        throw Error{Errc::not_found, fmt::format("no file '{}'", file)};
    }
    const auto& grid = *reader_.info_.grid;
    reader_.pool_.acquire(*path, sqlite::handle_timeout)->list_rows(grid, visit);
}

}  // namespace offgrid
