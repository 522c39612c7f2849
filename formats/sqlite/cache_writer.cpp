#include "formats/base/error.h"
#include "formats/image/blank.h"
#include "formats/sqlite/cache_file_writer.h"
#include "formats/sqlite/cache_store.h"
#include "formats/store/in_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offgrid::sqlite {
namespace {

/// A column of tiles through z-top files of top zoom 8 touches 256 of them; a file that has to be
/// closed in between is one more commit. Each needs two descriptors.
constexpr std::size_t max_open_files = 384;

/// What is written between commits stays in memory (see CacheFileWriter), so at this many bytes
/// the writer commits by itself.
constexpr std::uint64_t uncommitted_bytes_limit = std::uint64_t{32} << 20;

/// A commit waits for the disk several times, and the waits of different files overlap.
constexpr std::size_t commit_threads = 8;

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
                put_bytes(key, blank_mark(*colour));
                return;
            }
        }
        put_bytes(key, content);
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
        uncommitted_bytes_ = 0;
        std::vector<CacheFileWriter*> changed;
        for (auto& [path, file] : files_) {
            if (file.has_changes()) {
                changed.push_back(&file);
            }
        }
        std::atomic<std::size_t> next = 0;
        std::mutex mutex;  // guards the failure
        std::optional<Error> failure;
        const auto commit_some = [&] {
            for (auto i = next++; i < changed.size(); i = next++) {
                try {
                    changed[i]->commit();
                } catch (const Error& error) {
                    const std::lock_guard lock{mutex};
                    failure = failure ? failure : error;
                }
            }
        };
        {
            std::vector<std::jthread> threads;
            for (auto n = std::min(commit_threads, changed.size()); n > 1; --n) {
                threads.emplace_back(commit_some);
            }
            commit_some();
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

    void put_bytes(const TileKey& key, BytesView content) {
        file_named(path_of(key)).put(key, content);
        uncommitted_bytes_ += content.size();
        if (uncommitted_bytes_ >= uncommitted_bytes_limit) {
            commit();
        }
    }

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
        return files_.back().second;
    }

    CacheWriting writing_;
    PathTemplate names_;
    Files files_;
    std::unordered_map<std::string, Files::iterator> by_path_;
    std::uint64_t uncommitted_bytes_ = 0;
};

CacheWriter::CacheWriter(const CacheOptions& options, TilesetSlice slice)
    : impl_{in_cache(options.name,
                     [&] { return std::make_unique<Impl>(options, std::move(slice)); })} {}

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
