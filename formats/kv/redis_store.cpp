#include "formats/kv/redis_store.h"

#include "formats/base/error.h"
#include "formats/kv/redis_connection.h"
#include "formats/kv/sorted_scan.h"
#include "formats/kv/stored_tile.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t connections_in_all = 16;
constexpr std::size_t tiles_at_once = 64;
constexpr const char* keys_at_once = "1000";
constexpr std::chrono::seconds default_expiry{86'400};  // MapCache

/// The text with nothing in it that SCAN takes for a pattern.
std::string without_patterns(std::string_view text) {
    std::string pattern;
    for (const char c : text) {
        if (std::string_view{R"(*?[]^\)"}.find(c) != std::string_view::npos) {
            pattern += '\\';
        }
        pattern += c;
    }
    return pattern;
}

bool is_string(const redisReply* reply) {
    return reply != nullptr && reply->type == REDIS_REPLY_STRING;
}

std::span<redisReply* const> elements(const redisReply& reply) {
    return {reply.element, reply.elements};
}

Error nonsense(const std::string& cache, std::string_view command) {
    return Error{Errc::io, fmt::format("cache '{}': the server does not answer {} as Redis does",
                                       cache, command)};
}

bool by_row(const TileKey& a, const TileKey& b) {
    return std::tie(a.z, a.y, a.x) < std::tie(b.z, b.y, b.x);
}

}  // namespace

// --- RedisReader

RedisReader::RedisReader(const RedisOptions& options, TilesetSlice slice)
    : options_{options},
      slice_{std::move(slice)},
      keys_{TileKeys::slashed(options.name, slice_)},
      connections_{connections_in_all,
                   [this](const std::string&) {
                       return std::make_unique<RedisConnection>(options_.name, options_.server,
                                                                options_.timeout);
                   }},
      hold_{connections_.hold({{}})} {}

RedisReader::~RedisReader() = default;

Pool<RedisConnection>::Lease RedisReader::connection() const {
    return connections_.acquire({}, options_.timeout);
}

std::optional<Tile> RedisReader::get(const TileKey& key) const {
    if (!keys_.grid().contains(key)) {
        return std::nullopt;
    }
    const auto name = keys_.of(key);
    const auto reply =
        connection()->perform(std::array<std::string_view, 2>{"GET", name}, REDIS_REPLY_STRING);
    return is_string(reply.get()) ? std::optional{StoredTile{bytes_in(*reply), keys_, key}.tile()}
                                  : std::nullopt;
}

bool RedisReader::exists(const TileKey& key) const {
    if (!keys_.grid().contains(key)) {
        return false;
    }
    const auto name = keys_.of(key);
    const auto reply =
        connection()->perform(std::array<std::string_view, 2>{"EXISTS", name}, REDIS_REPLY_INTEGER);
    return reply->integer > 0;
}

/// Every tile of the range that may be there, row by row.
std::vector<TileKey> RedisReader::tiles_in(const TileRange& range) const {
    std::vector<TileKey> tiles;
    if (range.count() <= range_asked_singly) {
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                tiles.push_back({range.z, x, y});
            }
        }
        return tiles;
    }
    const auto pattern = without_patterns(keys_.prefix(range.z)) + '*';
    std::string place = "0";
    do {
        const auto reply = connection()->perform(
            std::array<std::string_view, 6>{"SCAN", place, "MATCH", pattern, "COUNT", keys_at_once},
            REDIS_REPLY_ARRAY);
        if (reply->elements != 2 || !is_string(reply->element[0]) ||
            reply->element[1]->type != REDIS_REPLY_ARRAY) {
            throw nonsense(options_.name, "SCAN");
        }
        for (const auto* const name : elements(*reply->element[1])) {
            const auto tile =
                is_string(name) ? keys_.parse(as_text(bytes_in(*name))) : std::nullopt;
            if (tile && range.contains(*tile)) {
                tiles.push_back(*tile);
            }
        }
        place = as_text(bytes_in(*reply->element[0]));
    } while (place != "0");
    std::ranges::sort(tiles, by_row);
    // SCAN may name a key again.
    tiles.erase(std::unique(tiles.begin(), tiles.end()), tiles.end());
    return tiles;
}

void RedisReader::scan_stored(const TileRange& asked, const StoredVisitor& visit) const {
    const auto tiles = tiles_in(keys_.within_grid(asked));
    for (std::size_t first = 0; first < tiles.size(); first += tiles_at_once) {
        const auto batch =
            std::span{tiles}.subspan(first, std::min(tiles_at_once, tiles.size() - first));
        std::vector<std::string> names;
        std::ranges::transform(batch, std::back_inserter(names),
                               [&](const TileKey& tile) { return keys_.of(tile); });
        std::vector<std::string_view> words{"MGET"};
        words.insert(words.end(), names.begin(), names.end());
        const auto reply = connection()->perform(words, REDIS_REPLY_ARRAY);
        if (reply->elements != batch.size()) {
            throw nonsense(options_.name, "MGET");
        }
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (const auto* const value = reply->element[i]; is_string(value)) {
                visit(batch[i], StoredTile{bytes_in(*value), keys_, batch[i]});
            }
        }
    }
}

void RedisReader::scan(const TileRange& range, const Visitor& visit) const {
    scan_stored(range,
                [&](const TileKey& key, const StoredTile& tile) { visit(key, tile.content()); });
}

void RedisReader::list(const TileRange& range, const SizeVisitor& visit) const {
    scan_stored(range, [&](const TileKey& key, const StoredTile& tile) {
        visit(key, tile.stored_bytes());
    });
}

// --- RedisWriter

RedisWriter::RedisWriter(const RedisOptions& options, TilesetSlice slice)
    : options_{options}, slice_{std::move(slice)}, keys_{TileKeys::slashed(options.name, slice_)} {}

RedisWriter::~RedisWriter() = default;

RedisConnection& RedisWriter::connection() {
    if (!connection_) {
        connection_ =
            std::make_unique<RedisConnection>(options_.name, options_.server, options_.timeout);
    }
    return *connection_;
}

void RedisWriter::perform(std::span<const std::string_view> words, int type) {
    try {
        connection().perform(words, type);
    } catch (const Error&) {
        connection_.reset();  // what else comes in there would be taken for the next answer
        throw;
    }
}

void RedisWriter::put(const TileKey& key, BytesView content) {
    const auto name = keys_.of(key);
    const auto value = stored_value(content, keys_, key);
    const auto expiry = slice_.expiry.count() > 0 ? slice_.expiry : default_expiry;
    const auto seconds = std::to_string(expiry.count());
    perform(std::array<std::string_view, 4>{"SETEX", name, seconds, as_text(value)},
            REDIS_REPLY_STATUS);
}

void RedisWriter::erase(const TileKey& key) {
    const auto name = keys_.of(key);
    perform(std::array<std::string_view, 2>{"DEL", name}, REDIS_REPLY_INTEGER);
}

}  // namespace offgrid
