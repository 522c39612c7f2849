#include "formats/combine/retry_store.h"

#include <thread>
#include <utility>

namespace offgrid {
namespace {

RetryOptions with_sleep(RetryOptions options) {
    if (!options.sleep) {
        options.sleep = [](std::chrono::milliseconds delay) { std::this_thread::sleep_for(delay); };
    }
    return options;
}

}  // namespace

RetryReader::RetryReader(std::unique_ptr<TileReader> store, RetryOptions options)
    : store_{std::move(store)}, options_{with_sleep(std::move(options))} {}

std::optional<Tile> RetryReader::get(const TileKey& key) const {
    return retry(options_, [&] { return store_->get(key); });
}

bool RetryReader::exists(const TileKey& key) const {
    return retry(options_, [&] { return store_->exists(key); });
}

void RetryReader::scan(const TileRange& range, const Visitor& visit) const {
    bool has_visited = false;
    const auto call = [&] {
        store_->scan(range, [&](const TileKey& key, BytesView content) {
            has_visited = true;
            visit(key, content);
        });
    };
    retry(options_, call, [&] { return !has_visited; });
}

void RetryReader::list(const TileRange& range, const SizeVisitor& visit) const {
    bool has_visited = false;
    const auto call = [&] {
        store_->list(range, [&](const TileKey& key, std::uint64_t bytes) {
            has_visited = true;
            visit(key, bytes);
        });
    };
    retry(options_, call, [&] { return !has_visited; });
}

RetryWriter::RetryWriter(std::unique_ptr<TileWriter> store, RetryOptions options)
    : store_{std::move(store)}, options_{with_sleep(std::move(options))} {}

void RetryWriter::put(const TileKey& key, BytesView content) {
    retry(options_, [&] { store_->put(key, content); });
}

void RetryWriter::erase(const TileKey& key) {
    retry(options_, [&] { store_->erase(key); });
}

void RetryWriter::commit() {
    store_->commit();
}

}  // namespace offgrid
