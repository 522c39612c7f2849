#include "formats/base/error.h"
#include "formats/image/blank.h"
#include "formats/sqlite/cache_file_writer.h"
#include "formats/sqlite/cache_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace offgrid::sqlite {
namespace {

constexpr std::size_t max_open_files = 64;

/// What the open files keep in memory together.
constexpr int cache_kib = 96 * 1024;

}  // namespace

class CacheWriter::Impl {
public:
    Impl(const CacheOptions& options, TilesetSlice slice)
        : writing_{.options = options,
                   .slice = slice,
                   .statement_slice = CacheSlice{options.schema, slice},
                   .sql = CacheSql{options},
                   .pragmas = pragmas_of(options)},
          names_{options.file, options.path} {}

    void put(const TileKey& key, BytesView content) {
        require_valid(key);
        if (content.empty()) {
            throw Error{Errc::invalid_argument,
                        fmt::format("tile {}/{}/{} has no content", key.z, key.x, key.y)};
        }
        if (writing_.options.marks_blank && writing_.options.schema == CacheSchema::tiles) {
            if (const auto colour = blank_colour_of(content)) {
                const auto mark = blank_mark(*colour);
                file_of(key).put(key, mark);
                return;
            }
        }
        file_of(key).put(key, content);
    }

    void erase(const TileKey& key) {
        require_valid(key);
        const auto path = path_of(key);
        if (by_path_.contains(path) || identify(path)) {
            file_named(path).erase(key);
        }
    }

    /// Every file is tried, whatever the others do; the first failure is thrown.
    void commit() {
        std::optional<Error> failure;
        for (auto& [path, file] : files_) {
            try {
                file.commit();
            } catch (const Error& error) {
                failure = failure ? failure : error;
            }
        }
        if (failure) {
            throw *failure;
        }
    }

    template <typename Action>
    void in_cache(const Action& action) const {
        try {
            action();
        } catch (const Error& error) {
            rethrow_with(error, "cache '{}'", writing_.options.name);
        }
    }

private:
    using Files = std::list<std::pair<std::string, CacheFileWriter>>;  // last used last

    const Grid& grid() const { return *writing_.slice.info.grid; }

    std::string path_of(const TileKey& key) const {
        return names_.render(grid(), key, writing_.slice.values);
    }

    void require_valid(const TileKey& key) const {
        if (!grid().contains(key)) {
            throw Error{Errc::invalid_argument, fmt::format("tile {}/{}/{} is not in the grid '{}'",
                                                            key.z, key.x, key.y, grid().name())};
        }
    }

    CacheFileWriter& file_of(const TileKey& key) { return file_named(path_of(key)); }

    CacheFileWriter& file_named(const std::string& path) {
        if (!files_.empty() && files_.back().first == path) {
            return files_.back().second;
        }
        if (const auto found = by_path_.find(path); found != by_path_.end()) {
            files_.splice(files_.end(), files_, found->second);
            return files_.back().second;
        }
        if (files_.size() == max_open_files) {
            files_.front().second.commit();
            by_path_.erase(files_.front().first);
            files_.pop_front();
        }
        files_.emplace_back(std::piecewise_construct, std::forward_as_tuple(path),
                            std::forward_as_tuple(path, writing_));
        by_path_[path] = std::prev(files_.end());
        for (auto& [name, file] : files_) {
            file.set_cache_size(cache_kib / static_cast<int>(files_.size()));
        }
        return files_.back().second;
    }

    CacheWriting writing_;
    PathTemplate names_;
    Files files_;
    std::unordered_map<std::string, Files::iterator> by_path_;
};

CacheWriter::CacheWriter(const CacheOptions& options, TilesetSlice slice)
    : impl_{std::make_unique<Impl>(options, std::move(slice))} {}

CacheWriter::~CacheWriter() = default;

void CacheWriter::put(const TileKey& key, BytesView content) {
    impl_->in_cache([&] { impl_->put(key, content); });
}

void CacheWriter::erase(const TileKey& key) {
    impl_->in_cache([&] { impl_->erase(key); });
}

void CacheWriter::commit() {
    impl_->in_cache([&] { impl_->commit(); });
}

}  // namespace offgrid::sqlite
