#pragma once

#include "formats/store/server_address.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

/// The key of a tile where a configuration gives no other (MapCache: bdb, lmdb).
inline constexpr const char* default_file_key = "{tileset}-{grid}-{dim}-{z}-{y}-{x}.{ext}";

/// A Berkeley DB B-tree in a folder (MapCache `bdb`): `NAME.db` and its environment.
struct BdbOptions {
    std::string name{};  ///< of the cache: the file is called after it
    std::filesystem::path base{};
    std::string key = default_file_key;
};

/// An LMDB environment in a folder (MapCache `lmdb`).
struct LmdbOptions {
    std::string name{};  ///< of the cache, for messages
    std::filesystem::path base{};
    std::string key = default_file_key;
    std::size_t max_bytes = std::size_t{64} * 1000 * 4096;  ///< MapCache `max_size` 64
    unsigned max_readers = 126;
    std::chrono::milliseconds timeout{5'000};  ///< to wait for other writers of this program
};

/// Memcached servers, keys spread over them as MapCache does, so in this order (MapCache
/// `memcache`).
struct MemcacheOptions {
    std::string name{};  ///< of the cache, for messages
    std::vector<ServerAddress> servers{};
    bool marks_blank = false;  ///< a tile of one colour is stored as five bytes (BlankColour)
    std::chrono::milliseconds timeout{2'000};
};

/// A Redis server (MapCache `redis`).
struct RedisOptions {
    std::string name{};  ///< of the cache, for messages
    ServerAddress server{};
    std::chrono::milliseconds timeout{2'000};
};

}  // namespace offgrid
