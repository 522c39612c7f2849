#include "formats/base/error.h"
#include "formats/image/blank.h"
#include "formats/sqlite/cache_store.h"
#include "formats/store/in_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
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

CacheWriter::CacheWriter(const CacheOptions& options, TilesetSlice slice)
    : writing_{.options = options,
               .slice = slice,
               .statement_slice = CacheSlice{options, slice},
               .sql = offgrid::in_cache(options.name, [&] { return CacheSql{options}; }),
               .pragmas = offgrid::in_cache(options.name, [&] { return pragmas_of(options); })},
      names_{offgrid::in_cache(options.name, [&] {
          return PathTemplate{options.file, options.path};
      })} {
    check_pragmas_for_writing(options);
    if (options.schema != CacheSchema::tiles && writing_.sql.given(CacheQuery::set) &&
        !writing_.sql.given(CacheQuery::erase)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}': with a query 'set' MBTiles need a query 'delete' too",
                                options.name)};
    }
}

void CacheWriter::put(const TileKey& key, BytesView content) {
    in_cache([&] {
        require_valid(key);
        if (content.empty()) {
            throw Error{Errc::invalid_argument,
                        fmt::format("tile {}/{}/{} has no content", key.z, key.x, key.y)};
        }
        const bool marks_blank =
            writing_.options.marks_blank && writing_.options.schema == CacheSchema::tiles;
        if (const auto colour = marks_blank ? blank_colour_of(content) : std::nullopt) {
            put_bytes(key, blank_mark(*colour));
        } else {
            put_bytes(key, content);
        }
    });
}

void CacheWriter::erase(const TileKey& key) {
    in_cache([&] {
        require_valid(key);
        const auto path = path_of(key);
        if (by_path_.contains(path) || identify(path)) {
            file_named(path).erase(key);
        }
    });
}

void CacheWriter::commit() {
    in_cache([&] {
        const auto failures = commit_files();
        const auto earlier = std::exchange(loss_, std::nullopt);
        if (earlier) {
            throw *earlier;
        }
        if (!failures.empty()) {
            throw failures.front().error;
        }
    });
}

/// Every file is tried, whatever the others do.
std::vector<CacheWriter::Failure> CacheWriter::commit_files() {
    uncommitted_bytes_ = 0;
    std::vector<CacheFileWriter*> changed;
    for (auto& [path, file] : files_) {
        if (file.has_changes()) {
            changed.push_back(&file);
        }
    }
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;  // guards the failures
    std::vector<Failure> failures;
    const auto commit_some = [&] {
        for (auto i = next++; i < changed.size(); i = next++) {
            try {
                changed[i]->commit();
            } catch (const Error& error) {
                const std::lock_guard lock{mutex};
                failures.push_back({changed[i], error});
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
    return failures;
}

template <typename Action>
void CacheWriter::in_cache(const Action& action) const {
    offgrid::in_cache(writing_.options.name, action);
}

std::string CacheWriter::path_of(const TileKey& key) const {
    return names_.render(grid(), key, writing_.slice.values);
}

void CacheWriter::require_valid(const TileKey& key) const {
    if (!grid().contains(key)) {
        throw Error{Errc::invalid_argument, fmt::format("tile {}/{}/{} is not in the grid '{}'",
                                                        key.z, key.x, key.y, grid().name())};
    }
}

void CacheWriter::put_bytes(const TileKey& key, BytesView content) {
    file_named(path_of(key)).put(key, content);
    uncommitted_bytes_ += content.size();
    if (uncommitted_bytes_ < uncommitted_bytes_limit) {
        return;
    }
    for (const auto& failure : commit_files()) {
        if (!failure.file->has_changes()) {  // else the next commit tries again
            keep(failure.error);
        }
    }
}

CacheFileWriter& CacheWriter::file_named(const std::string& path) {
    if (!files_.empty() && files_.back().first == path) {
        return files_.back().second;
    }
    if (const auto found = by_path_.find(path); found != by_path_.end()) {
        files_.splice(files_.end(), files_, found->second);
        return files_.back().second;
    }
    if (files_.size() == max_open_files) {
        close_oldest();
    }
    files_.emplace_back(std::piecewise_construct, std::forward_as_tuple(path),
                        std::forward_as_tuple(path, writing_));
    by_path_[path] = std::prev(files_.end());
    return files_.back().second;
}

/// What its commit fails with is not the fault of the tile that needs the place.
void CacheWriter::close_oldest() {
    auto& [path, file] = files_.front();
    try {
        file.commit();
    } catch (const Error& error) {
        keep(file.has_changes() ? loss_of(path, error) : error);
    }
    by_path_.erase(path);
    files_.pop_front();
}

void CacheWriter::keep(const Error& loss) {
    loss_ = loss_ ? loss_ : loss;
}

}  // namespace offgrid::sqlite
