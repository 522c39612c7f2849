#pragma once

#include "formats/base/error.h"
#include "formats/store/tile_store.h"
#include "tests/support/tiles.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {

/// A store of files named by a template, in memory: any tile can be put into any file. A damaged
/// file throws when it is read. One thread writes, any read.
class FilesStore final : public TileReader, public TileFiles {
public:
    explicit FilesStore(PathTemplate names, StoreInfo info = {})
        : names_{std::move(names)}, info_{std::move(info)} {}

    /// Put the tile into the file where it belongs; gives the file's name.
    std::string put(const TileKey& key, Bytes content) {
        auto name = names_.render(*info_.grid, key);
        put_into(name, key, std::move(content));
        return name;
    }
    void put_into(const std::string& file, const TileKey& key, Bytes content) {
        files_[file][key] = std::move(content);
    }
    void remove(const std::string& file) { files_.erase(file); }
    void damage(const std::string& file) { damaged_.insert(file); }

    const StoreInfo& info() const override { return info_; }
    const TileFiles* files() const override { return this; }
    const PathTemplate& names() const override { return names_; }

    std::vector<std::string> list() const override {
        std::vector<std::string> names;
        for (const auto& [name, tiles] : files_) {
            names.push_back(name);
        }
        return names;
    }

    using TileReader::list;

    void list_tiles(const std::string& file, const TileFiles::Visitor& visit) const override {
        for (const auto& [key, content] : tiles_of(file)) {
            visit(key, content.size());
        }
    }

    std::optional<Tile> get(const TileKey& key) const override {
        const auto file = files_.find(names_.render(*info_.grid, key));
        if (file == files_.end() || !tiles_of(file->first).contains(key)) {
            return std::nullopt;
        }
        return Tile{file->second.at(key), {}};
    }

    void scan(const TileRange& range, const TileReader::Visitor& visit) const override {
        for (const auto& [name, tiles] : files_) {
            for (const auto& [key, content] : tiles) {
                if (range.contains(key) && names_.render(*info_.grid, key) == name) {
                    visit(key, content);
                }
            }
        }
    }

private:
    using Tiles = std::map<TileKey, Bytes>;

    const Tiles& tiles_of(const std::string& file) const {
        if (damaged_.contains(file)) {
            throw Error{Errc::corrupt, "the file is damaged"};
        }
        return files_.at(file);
    }

    PathTemplate names_;
    StoreInfo info_;
    std::map<std::string, Tiles> files_;
    std::set<std::string> damaged_;
};

}  // namespace offgrid::test
