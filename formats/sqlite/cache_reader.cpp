#include "formats/base/error.h"
#include "formats/image/blank.h"
#include "formats/sqlite/cache_schema.h"
#include "formats/sqlite/cache_store.h"
#include "formats/sqlite/mbtiles_store.h"
#include "formats/store/in_cache.h"
#include "formats/store/template_files.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace offgrid::sqlite {
namespace {

/// The next tile of a scan may lie behind many rows of other zooms.
constexpr std::chrono::seconds scan_deadline{60};
constexpr std::chrono::seconds tile_deadline{2};

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

class LongSteps {
public:
    explicit LongSteps(Db& db) : db_{db} { db_.set_deadline(scan_deadline); }
    ~LongSteps() { db_.set_deadline(tile_deadline); }
    LongSteps(const LongSteps&) = delete;
    LongSteps& operator=(const LongSteps&) = delete;

private:
    Db& db_;
};

}  // namespace

class CacheReader::Impl final : public TileFiles {
    /// Failures name the cache.
    template <typename Action>
    decltype(auto) in_cache(const Action& action) const {
        try {
            return action();
        } catch (const Error& error) {
            rethrow_with(error, "cache '{}'", options_.name);
        }
    }

public:
    Impl(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool)
        : options_{options},
          info_{std::move(slice.info)},
          values_{std::move(slice.values)},
          names_{options.file, options.path},
          wrapped_{wrapped_names(options)},
          files_{names_, *info_.grid, values_},
          slice_{options.schema, {.info = info_, .values = values_}},
          sql_{options},
          pool_{pool} {}

    ~Impl() override {
        const auto names = names_.with_texts(*info_.grid, values_);
        pool_.close_idle([&](const std::string& path) { return names.match(path).has_value(); });
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    const StoreInfo& info() const { return info_; }
    bool can_scan() const { return sql_.can_scan(); }

    std::optional<Tile> get(const TileKey& key) const {
        return look_up<std::optional<Tile>>(
            key, [&](const std::string& path) { return read(path, key); });
    }

    bool exists(const TileKey& key) const {
        return look_up<bool>(key, [&](const std::string& path) { return has(path, key); });
    }

    void scan(const TileRange& range, const TileReader::Visitor& visit) const {
        BlankExpander expanded{info_.grid->tile_size()};
        visit_range(range, CacheQuery::scan, [&](const TileKey& key, const Statement& row) {
            const auto content = row.blob(3);
            if (!content.empty()) {
                visit(key, expanded(content));
            }
        });
    }

    void list(const TileRange& range, const SizeVisitor& visit) const {
        visit_range(range, CacheQuery::list, [&](const TileKey& key, const Statement& row) {
            if (row.integer(3) > 0) {
                visit(key, static_cast<std::uint64_t>(row.integer(3)));
            }
        });
    }

    // --- TileFiles

    const PathTemplate& names() const override { return names_; }

    std::vector<std::string> list() const override {
        return in_cache([&] { return files_.list(); });
    }

    void list_tiles(const std::string& file, const TileFiles::Visitor& visit) const override {
        visit_rows(
            file, CacheQuery::rows, [&](CacheStatement& statement) { slice_.bind(statement); },
            [&](const Statement& row) {
                if (!row.is_integer(0) || !row.is_integer(1) || !row.is_integer(2)) {
                    throw Error{Errc::corrupt,
                                fmt::format("cache '{}': {} has a tile whose address is not a "
                                            "number",
                                            options_.name, file)};
                }
                if (row.integer(3) > 0) {
                    visit(slice_.key_of(row.integer(0), row.integer(1), row.integer(2)),
                          static_cast<std::uint64_t>(row.integer(3)));
                }
            });
    }

private:
    /// A connection to the file that has the name now, or nothing when there is none.
    std::optional<CacheFilePool::Lease> open(const std::string& path) const {
        for (;;) {
            const auto file = identify(path);
            if (!file || file->size == 0) {
                return std::nullopt;
            }
            auto lease = pool_.acquire(path, handle_timeout);
            if (lease->shows(*file)) {
                lease->db().wait_for_locks(options_.read_timeout);
                return lease;
            }
            lease.discard();
        }
    }

    /// What `look` finds in the file of the tile, or in the one where MapCache put it.
    template <typename Answer, typename Look>
    Answer look_up(const TileKey& key, const Look& look) const {
        if (!info_.grid->contains(key)) {
            return Answer{};
        }
        return in_cache([&] {
            const auto path = names_.render(*info_.grid, key, values_);
            auto answer = look(path);
            if (!answer && may_wrap(key.z)) {
                const auto wrong = wrapped_->render(*info_.grid, key, values_);
                answer = wrong == path ? std::move(answer) : look(wrong);
            }
            return answer;
        });
    }

    std::optional<Tile> read(const std::string& path, const TileKey& key) const {
        const auto lease = open(path);
        if (!lease) {
            return std::nullopt;
        }
        auto& statement = sql_.statement(**lease, CacheQuery::get);
        slice_.bind(statement, key);
        auto run = statement.run();
        if (!run.step() || run.row().is_null(0)) {
            return std::nullopt;
        }
        const auto stored = run.row().blob(0);
        if (stored.empty()) {
            return std::nullopt;
        }
        Tile tile;
        if (const auto colour = match_blank_mark(stored)) {
            const auto size = info_.grid->tile_size();
            tile.content = blank_png(*colour, size, size);
        } else {
            tile.content.assign(stored.begin(), stored.end());
        }
        if (run.row().columns() > 1 && !run.row().is_null(1)) {
            tile.modified = std::chrono::system_clock::from_time_t(run.row().integer(1));
        }
        return tile;
    }

    bool has(const std::string& path, const TileKey& key) const {
        const auto lease = open(path);
        if (!lease) {
            return false;
        }
        auto& statement = sql_.statement(**lease, CacheQuery::exists);
        slice_.bind(statement, key);
        auto run = statement.run();
        return run.step() && !run.row().is_null(0);
    }

    /// Whether tiles of the zoom may be where 32-bit arithmetic put them.
    bool may_wrap(int z) const {
        const auto& grid = *info_.grid;
        const auto top = options_.path.top;
        constexpr std::int64_t limit = std::int64_t{1} << 32;
        return wrapped_ && top < grid.levels() &&
               (grid.matrix_width(z) * grid.matrix_width(top) > limit ||
                grid.matrix_height(z) * grid.matrix_height(top) > limit);
    }

    template <typename Visit>
    void visit_range(const TileRange& wanted, CacheQuery query, const Visit& visit) const {
        if (!can_scan()) {
            throw Error{Errc::unsupported,
                        fmt::format("cache '{}': the tiles of a cache with queries of its own "
                                    "cannot be listed",
                                    options_.name)};
        }
        if (wanted.z < 0 || wanted.z >= info_.grid->levels()) {
            return;
        }
        const auto range = intersection(wanted, info_.grid->whole(wanted.z));
        if (range.is_empty()) {
            return;
        }
        const bool wraps = may_wrap(range.z);
        const auto files = in_cache([&] { return wraps ? files_.list() : files_.list(range); });
        for (const auto& file : files) {
            const auto part = wraps ? range : intersection(range, files_.covered(file, range.z));
            visit_rows(
                file, query, [&](CacheStatement& statement) { slice_.bind(statement, part); },
                [&](const Statement& row) {
                    if (!row.is_integer(1) || !row.is_integer(2)) {
                        return;  // no look-up finds it either
                    }
                    const auto key = slice_.key_of(range.z, row.integer(1), row.integer(2));
                    if (belongs(key, file)) {
                        visit(key, row);
                    }
                });
        }
    }

    /// Our errors name the cache, those of the visitor are its own.
    template <typename Bind, typename Visit>
    void visit_rows(const std::string& file, CacheQuery query, const Bind& bind,
                    const Visit& visit) const {
        const auto lease = in_cache([&] { return open(file); });
        if (!lease) {
            return;
        }
        const LongSteps long_steps{(*lease)->db()};
        auto& statement =
            in_cache([&]() -> CacheStatement& { return sql_.statement(**lease, query); });
        bind(statement);
        auto run = statement.run();
        while (in_cache([&] { return run.step(); })) {
            visit(run.row());
        }
    }

    /// Whether a look-up finds the tile in this file.
    bool belongs(const TileKey& key, const std::string& file) const {
        const auto right = names_.render(*info_.grid, key, values_);
        return right == file ||
               (may_wrap(key.z) && wrapped_->places(*info_.grid, key, file, values_) &&
                !in_cache([&] { return has(right, key); }));
    }

    CacheOptions options_;
    StoreInfo info_;
    PathValues values_;
    PathTemplate names_;
    std::optional<PathTemplate> wrapped_;
    TemplateFiles files_;
    CacheSlice slice_;
    CacheSql sql_;
    CacheFilePool& pool_;
};

std::unique_ptr<CacheFilePool> make_cache_file_pool(std::size_t capacity) {
    return std::make_unique<CacheFilePool>(
        capacity,
        [](const std::string& path) { return std::make_unique<CacheFile>(path, OpenMode::shared); },
        CacheFilePool::Keep::all);
}

CacheReader::CacheReader(const CacheOptions& options, TilesetSlice slice, CacheFilePool& pool)
    : impl_{in_cache(options.name, [&] {
          return std::make_unique<const Impl>(options, std::move(slice), pool);
      })} {}

CacheReader::~CacheReader() = default;

const StoreInfo& CacheReader::info() const {
    return impl_->info();
}

std::optional<Tile> CacheReader::get(const TileKey& key) const {
    return impl_->get(key);
}

bool CacheReader::exists(const TileKey& key) const {
    return impl_->exists(key);
}

bool CacheReader::can_scan() const {
    return impl_->can_scan();
}

void CacheReader::scan(const TileRange& range, const Visitor& visit) const {
    impl_->scan(range, visit);
}

void CacheReader::list(const TileRange& range, const SizeVisitor& visit) const {
    impl_->list(range, visit);
}

const TileFiles* CacheReader::files() const {
    return can_scan() ? impl_.get() : nullptr;
}

}  // namespace offgrid::sqlite
