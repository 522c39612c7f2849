#include "formats/combine/sharded_store.h"

#include <utility>
#include <vector>

namespace offgrid {
namespace {

std::vector<std::string> paths_of(const ShardedReader::Files& files) {
    std::vector<std::string> paths;
    paths.reserve(files.size());
    for (const auto& [name, path] : files) {
        paths.push_back(path);
    }
    return paths;
}

}  // namespace

ShardedReader::ShardedReader(StoreInfo info, PathTemplate names, PathValues values, Files files,
                             sqlite::MbtilesPool& pool)
    : info_{std::move(info)},
      names_{std::move(names)},
      values_{std::move(values)},
      files_{std::move(files)},
      pool_{pool},
      hold_{pool.hold(paths_of(files_))} {}

std::optional<Tile> ShardedReader::get(const TileKey& key) const {
    if (!info_.grid->contains(key)) {
        return std::nullopt;
    }
    const auto file = files_.find(names_.render(*info_.grid, key, values_));
    if (file == files_.end()) {
        return std::nullopt;
    }
    return pool_.acquire(file->second, sqlite::handle_timeout)->get(*info_.grid, key);
}

void ShardedReader::scan(const TileRange& range, const Visitor& visit) const {
    for (const auto& [name, path] : files_) {
        pool_.acquire(path, sqlite::handle_timeout)
            ->scan(*info_.grid, range, [&, &name = name](const TileKey& key, BytesView content) {
                if (names_.places(*info_.grid, key, name,
                                  values_)) {  // a misplaced tile is not served either
                    visit(key, content);
                }
            });
    }
}

}  // namespace offgrid
