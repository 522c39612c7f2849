#include "formats/config/mapcache_caches.h"

#include "formats/config/cache_parsers.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace offgrid::config {
namespace {

constexpr int max_retries = 10;  // as in MapCache
constexpr double max_seconds = 86'400;

/// Caches that are made of each other twice at each of n levels are opened 2^n times.
constexpr int max_leaves = 256;

struct CacheType {
    std::string_view name{};
    CacheParser parse = nullptr;
    std::string_view attribute{};  ///< besides name and type
};

constexpr std::array<CacheType, 16> cache_types{{
    {"disk", parse_disk, "layout"},
    {"sqlite3", parse_sqlite3, "allow_path_in_dim"},
    {"mbtiles", parse_mbtiles, "allow_path_in_dim"},
    {"tiff", parse_tiff},
    {"bdb", parse_bdb},
    {"memcache", parse_memcache},
    {"redis", parse_redis},
    {"lmdb", parse_lmdb},
    {"rest", parse_rest},
    {"s3", parse_s3},
    {"azure", parse_azure},
    {"google", parse_google},
    {"riak", parse_riak},
    {"composite", parse_composite},
    {"fallback", parse_fallback},
    {"multitier", parse_multitier},
}};

const CacheType& require_type(const XmlElement& element) {
    const auto type = element.required_attribute("type");
    const auto* const found = std::ranges::find(cache_types, type, &CacheType::name);
    if (found != cache_types.end()) {
        return *found;
    }
    if (type == "couchbase" || type == "tokyocabinet") {
        element.fail(fmt::format(
            "type '{}' is not supported: MapCache itself can no longer be built with it", type));
    }
    std::string names;
    for (const auto& known : cache_types) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    }
    element.fail(fmt::format("type '{}' is none of {}", type, names));
}

int count_leaves(const CacheSpec& cache, const Declarations& declarations) {
    const auto leaves_of = [&](const CacheSpec* part) { return declarations.leaf_counts.at(part); };
    int leaves = 0;
    if (const auto* const composite = std::get_if<CompositeOptions>(&cache.options)) {
        for (const auto& entry : composite->entries) {
            leaves += leaves_of(entry.cache);
        }
        return leaves;
    }
    const auto* const fallback = std::get_if<FallbackOptions>(&cache.options);
    const auto* const multitier = std::get_if<MultitierOptions>(&cache.options);
    if (fallback == nullptr && multitier == nullptr) {
        return 1;
    }
    for (const auto* const part : fallback != nullptr ? fallback->caches : multitier->caches) {
        leaves += leaves_of(part);
    }
    return leaves;
}

}  // namespace

void check_cache_children(const XmlElement& element, Declarations& declarations,
                          std::vector<std::string_view> used,
                          const std::vector<Notes::Unneeded>& unneeded) {
    used.insert(used.end(), {"retries", "retry_delay"});
    declarations.notes.check_children(element, used, unneeded);
}

bool has_key(std::string_view text, const std::vector<std::string_view>& keys) {
    return std::ranges::any_of(
        keys, [&](std::string_view key) { return text.find(key) != std::string_view::npos; });
}

void require_tile_or_quad_keys(const XmlElement& element, std::string_view text) {
    if (!has_key(text, {"{quadkey}"})) {
        require_tile_keys(element, text);
    }
}

void require_tile_keys(const XmlElement& element, std::string_view text) {
    for (const auto* const axis : {"z", "x", "y"}) {
        const auto key = fmt::format("{{{}}}", axis);
        const auto inverse = fmt::format("{{inv_{}}}", axis);
        if (!has_key(text, {key, inverse})) {
            element.fail(fmt::format("'{}' has neither {} nor {}: tiles would share a name", text,
                                     key, inverse));
        }
    }
}

std::chrono::milliseconds child_seconds(const XmlElement& element, const char* tag,
                                        std::chrono::milliseconds by_default) {
    const auto found = element.child(tag);
    if (!found) {
        return by_default;
    }
    return std::chrono::milliseconds{std::llround(found->number<double>(0, max_seconds) * 1000)};
}

ServerAddress parse_server(const XmlElement& element) {
    ServerAddress address{.host = element.required_text("host")};
    element.required_text("port");
    address.port = element.child("port")->number<int>(1, 65'535);
    return address;
}

void find_cache_lines(const XmlElement& root, Declarations& declarations) {
    for (const auto& element : root.children("cache")) {
        const auto name = element.required_attribute("name");
        const auto [first, is_new] = declarations.cache_lines.emplace(name, element.line());
        if (!is_new) {
            element.fail(
                fmt::format("there is a cache of that name already, in line {}", first->second));
        }
    }
}

void parse_cache(const XmlElement& element, Declarations& declarations) {
    const auto& type = require_type(element);
    declarations.notes.check_attributes(element, {"name", "type", type.attribute});
    auto cache = std::make_unique<CacheSpec>();
    cache->name = element.name();
    cache->type = type.name;
    cache->options = type.parse(element, cache->name, declarations);
    cache->retries = element.child_number<int>("retries", 0, 0, max_retries);
    cache->retry_delay = child_seconds(element, "retry_delay", {});
    if (declarations.left_out.contains(cache->name)) {
        return;
    }
    const int leaves = count_leaves(*cache, declarations);
    if (leaves > max_leaves) {
        element.fail(fmt::format("is made of {} caches: there may be {}", leaves, max_leaves));
    }
    declarations.leaf_counts.emplace(cache.get(), leaves);
    declarations.caches.push_back(std::move(cache));
}

}  // namespace offgrid::config
