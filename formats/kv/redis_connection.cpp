#include "formats/kv/redis_connection.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <utility>

namespace offgrid {
namespace {

/// Keeps SIGPIPE from this thread: hiredis writes to a connection that the server may have closed.
class WithoutSigpipe {
public:
    WithoutSigpipe() {
        sigemptyset(&sigpipe_);
        sigaddset(&sigpipe_, SIGPIPE);
        sigset_t pending{};
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    }
    ~WithoutSigpipe() {
        const int error = errno;  // hiredis tells by it what went wrong
        if (!was_pending_) {
            constexpr timespec at_once{};
            sigtimedwait(&sigpipe_, nullptr, &at_once);
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = error;
    }
    WithoutSigpipe(const WithoutSigpipe&) = delete;
    WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

private:
    sigset_t sigpipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

timeval as_timeval(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return {.tv_sec = seconds.count(),
            .tv_usec = std::chrono::microseconds{time - seconds}.count()};
}

/// What the first word of an error reply asks of the caller.
Errc errc(std::string_view reply) {
    const auto code = reply.substr(0, reply.find(' '));
    if (code == "LOADING" || code == "BUSY" || code == "TRYAGAIN" || code == "MASTERDOWN" ||
        code == "CLUSTERDOWN") {
        return Errc::busy;
    }
    if (code == "NOAUTH" || code == "NOPERM" || code == "READONLY" || code == "WRONGPASS") {
        return Errc::denied;
    }
    return code == "OOM" ? Errc::no_space : Errc::io;
}

/// Longer lists than any that is asked for are none of Redis: hiredis would make room at once for
/// as many replies as a server announces.
constexpr int longest_array = 1'000'000;

struct FreeReader {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
};

/// How hiredis makes replies, which it keeps to itself.
const redisReplyObjectFunctions& functions_of_hiredis() {
    static const auto functions = [] {
        const std::unique_ptr<redisReader, FreeReader> reader{redisReaderCreate()};
        return reader ? *reader->fn : redisReplyObjectFunctions{};
    }();
    return functions;
}

void* create_array(const redisReadTask* task, int size) {
    const auto create = functions_of_hiredis().createArray;
    return size > longest_array || create == nullptr ? nullptr : create(task, size);
}

/// What hiredis makes of a reply, with a bound on its size.
redisReplyObjectFunctions& bounded_functions() {
    static auto functions = [] {
        auto bounded = functions_of_hiredis();
        bounded.createArray = create_array;
        return bounded;
    }();
    return functions;  // never changed; hiredis takes no pointer to const
}

}  // namespace

BytesView bytes_in(const redisReply& reply) {
    return {reinterpret_cast<const std::uint8_t*>(reply.str), reply.len};
}

void RedisConnection::FreeReply::operator()(redisReply* reply) const noexcept {
    freeReplyObject(reply);
}

void RedisConnection::Close::operator()(redisContext* context) const noexcept {
    redisFree(context);
}

RedisConnection::RedisConnection(std::string cache, ServerAddress server,
                                 std::chrono::milliseconds timeout)
    : cache_{std::move(cache)}, server_{std::move(server)}, timeout_{timeout} {
    connect();
}

RedisConnection::~RedisConnection() = default;

void RedisConnection::connect() {
    const auto limit = as_timeval(timeout_);
    context_.reset(redisConnectWithTimeout(server_.host.c_str(), server_.port, limit));
    if (!context_) {
        throw Error{Errc::io, fmt::format("cache '{}': no memory for a connection", cache_)};
    }
    if (context_->err != 0) {
        fail("cannot connect");
    }
    if (redisSetTimeout(context_.get(), limit) != REDIS_OK) {
        fail("cannot set a time limit");
    }
    context_->reader->fn = &bounded_functions();
    was_used_ = false;
}

void RedisConnection::fail(std::string_view action) const {
    const int error = errno;  // hiredis leaves it for errors of the system
    const bool is_late = context_->err == REDIS_ERR_IO &&
                         (error == EAGAIN || error == EWOULDBLOCK || error == ETIMEDOUT);
    throw Error{is_late ? Errc::busy : Errc::io,
                fmt::format("cache '{}': redis {}:{}: {}: {}", cache_, server_.host, server_.port,
                            action, is_late ? "no answer in time" : context_->errstr)};
}

/// The reply, or null when the connection failed.
RedisConnection::Reply RedisConnection::try_once(std::span<const std::string_view> words) {
    std::vector<const char*> firsts;
    std::vector<std::size_t> sizes;
    for (const auto word : words) {
        firsts.push_back(word.data());
        sizes.push_back(word.size());
    }
    const WithoutSigpipe guard;
    return Reply{static_cast<redisReply*>(redisCommandArgv(
        context_.get(), static_cast<int>(words.size()), firsts.data(), sizes.data()))};
}

RedisConnection::Reply RedisConnection::perform(std::span<const std::string_view> words, int type) {
    auto reply = try_once(words);
    const bool has_broken =
        !reply && (context_->err == REDIS_ERR_EOF ||
                   (context_->err == REDIS_ERR_IO && (errno == EPIPE || errno == ECONNRESET)));
    if (has_broken && was_used_) {
        connect();
        reply = try_once(words);
    }
    if (!reply) {
        fail(words.front());
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        const std::string_view text{reply->str, reply->len};
        throw Error{errc(text), fmt::format("cache '{}': redis {}:{}: {}: {}", cache_, server_.host,
                                            server_.port, words.front(), text)};
    }
    if (reply->type != type && reply->type != REDIS_REPLY_NIL) {
        throw Error{Errc::io, fmt::format("cache '{}': {}:{} does not answer {} as Redis does",
                                          cache_, server_.host, server_.port, words.front())};
    }
    was_used_ = true;
    return reply;
}

}  // namespace offgrid
