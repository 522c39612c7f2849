#pragma once

#include "formats/base/bytes.h"
#include "formats/kv/kv_options.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisContext;
struct redisReply;

namespace offgrid {

/// A connection to a Redis server. One thread at a time.
///
/// A connection that broke while it was idle is made anew, once. After any other failure it is not
/// to be used again.
class RedisConnection {
public:
    struct FreeReply {
        void operator()(redisReply* reply) const noexcept;
    };
    using Reply = std::unique_ptr<redisReply, FreeReply>;

    /// Throws `io` when the server cannot be reached, `busy` when that takes too long.
    RedisConnection(std::string cache, ServerAddress server, std::chrono::milliseconds timeout);
    ~RedisConnection();
    RedisConnection(const RedisConnection&) = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    /// Send a command and wait for its reply, which is of that type (REDIS_REPLY_…) or nil. Throws
    /// `busy` when it does not come in time or the server asks for patience, and with the server's
    /// own words when it refuses.
    Reply perform(std::span<const std::string_view> words, int type);

private:
    struct Close {
        void operator()(redisContext* context) const noexcept;
    };

    void connect();
    Reply try_once(std::span<const std::string_view> words);
    [[noreturn]] void fail(std::string_view action) const;

    std::string cache_;
    ServerAddress server_;
    std::chrono::milliseconds timeout_;
    std::unique_ptr<redisContext, Close> context_;
    bool was_used_ = false;
};

/// The bytes of a string in a reply, borrowed.
BytesView bytes_in(const redisReply& reply);

}  // namespace offgrid
