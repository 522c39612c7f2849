#include "formats/image/blank.h"
#include "formats/sqlite/cache_store.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid::sqlite {
namespace {

/// A tile or what stands for it, as an image. Keeps the last image made: blank tiles come in
/// stretches.
class BlankExpander {
public:
    explicit BlankExpander(int tile_size) : tile_size_{tile_size} {}

    BytesView operator()(BytesView stored) {
        const auto colour = match_blank_mark(stored);
        if (!colour) {
            return stored;
        }
        if (colour != colour_) {
            image_ = blank_png(*colour, tile_size_, tile_size_);
            colour_ = colour;
        }
        return image_;
    }

private:
    int tile_size_;
    std::optional<BlankColour> colour_;
    Bytes image_;
};

/// The names that MapCache's 32-bit arithmetic gives, where they can differ.
std::optional<PathTemplate> wrapped_names(const CacheOptions& options) {
    if (options.path.top <= 0) {
        return std::nullopt;
    }
    auto path = options.path;
    path.wraps_at_32_bits = true;
    return PathTemplate{options.file, std::move(path)};
}

}  // namespace

std::unique_ptr<CacheFilePool> make_cache_file_pool(std::size_t capacity) {
    return std::make_unique<CacheFilePool>(
        capacity,
        [](const std::string& path) {
            play_back_journal(path);
            return std::make_unique<CacheFile>(path, OpenMode::shared);
        },
        CacheFilePool::Keep::all);
}

CacheReader::CacheReader(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool)
    : files_{options, std::move(slice), pool},
      values_{files_.values()},
      wrapped_{wrapped_names(options)} {}

/// What `look` finds in the file of the tile, or in the one where MapCache put it.
template <typename Answer, typename Look>
Answer CacheReader::look_up(const TileKey& key, const Look& look) const {
    if (!grid().contains(key)) {
        return Answer{};
    }
    return files_.in_cache([&] {
        const auto path = files_.names().render(grid(), key, values_);
        auto answer = look(path);
        if (!answer && may_wrap(key.z)) {
            const auto wrong = wrapped_->render(grid(), key, values_);
            answer = wrong == path ? std::move(answer) : look(wrong);
        }
        return answer;
    });
}

std::optional<Tile> CacheReader::get(const TileKey& key) const {
    return look_up<std::optional<Tile>>(
        key, [&](const std::string& path) { return files_.read(path, key); });
}

bool CacheReader::exists(const TileKey& key) const {
    return look_up<bool>(key, [&](const std::string& path) { return files_.has(path, key); });
}

void CacheReader::scan(const TileRange& range, const Visitor& visit) const {
    BlankExpander expanded{grid().tile_size()};
    visit_range(range, CacheScanQuery::scan, [&](const TileKey& key, const CacheScan::Row& row) {
        visit(key, expanded(row.content));
    });
}

void CacheReader::list(const TileRange& range, const SizeVisitor& visit) const {
    visit_range(range, CacheScanQuery::list,
                [&](const TileKey& key, const CacheScan::Row& row) { visit(key, row.bytes); });
}

/// Whether tiles of the zoom may be where 32-bit arithmetic put them.
bool CacheReader::may_wrap(int z) const {
    const auto top = files_.options().path.top;
    constexpr std::int64_t limit = std::int64_t{1} << 32;
    return wrapped_ && top < grid().levels() &&
           (grid().matrix_width(z) * grid().matrix_width(top) > limit ||
            grid().matrix_height(z) * grid().matrix_height(top) > limit);
}

/// Whether a look-up finds the tile in this file.
bool CacheReader::belongs(const TileKey& key, const std::string& file) const {
    const auto right = files_.names().render(grid(), key, values_);
    return right == file || (may_wrap(key.z) && wrapped_->places(grid(), key, file, values_) &&
                             !files_.in_cache([&] { return files_.has(right, key); }));
}

void CacheReader::visit_range(const TileRange& wanted, CacheScanQuery query,
                              const CacheFiles::RowVisitor& visit) const {
    if (!can_scan()) {
        throw Error{Errc::unsupported,
                    fmt::format("cache '{}': the tiles of a cache with queries of its own cannot "
                                "be listed",
                                files_.options().name)};
    }
    if (wanted.z < 0 || wanted.z >= grid().levels()) {
        return;
    }
    const auto range = intersection(wanted, grid().whole(wanted.z));
    if (range.is_empty()) {
        return;
    }
    const bool wraps = may_wrap(range.z);
    for (const auto& file : wraps ? files_.list() : files_.list(range)) {
        const auto part = wraps ? range : intersection(range, files_.covered(file, range.z));
        files_.visit_rows(file, part, query, [&](const TileKey& key, const CacheScan::Row& row) {
            if (belongs(key, file)) {
                visit(key, row);
            }
        });
    }
}

}  // namespace offgrid::sqlite
