#include "formats/combine/fallback_store.h"

#include "formats/base/error.h"
#include "formats/combine/first_failure.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace offgrid {
namespace {

using Stores = std::vector<std::unique_ptr<TileReader>>;

/// The answer of the first store that does not fail.
template <typename Ask>
auto first_answer(const Stores& stores, const Ask& ask) {
    FirstFailure failure;
    std::optional<decltype(ask(*stores.front()))> answer;
    for (const auto& store : stores) {
        failure.attempt([&] { answer.emplace(ask(*store)); });
        if (answer) {
            return *std::move(answer);
        }
    }
    failure.rethrow();
    return *std::move(answer);  // not reached: no answer is a failure
}

/// Walk through the tiles of the first store that can. `has_visited` is set by the walk at its
/// first tile: from then on a failure is final.
template <typename Walk>
void walk_first(const Stores& stores, const bool& has_visited, const Walk& walk) {
    FirstFailure failure;
    for (const auto& store : stores) {
        if (!store->can_scan()) {
            continue;
        }
        bool is_done = false;
        failure.attempt([&] {
            walk(*store);
            is_done = true;
        });
        if (is_done) {
            return;
        }
        if (has_visited) {
            break;
        }
    }
    failure.rethrow();
    throw Error{Errc::unsupported, "none of the caches can list its tiles"};
}

}  // namespace

FallbackReader::FallbackReader(std::vector<std::unique_ptr<TileReader>> stores)
    : stores_{std::move(stores)} {
    assert(!stores_.empty());
}

std::optional<Tile> FallbackReader::get(const TileKey& key) const {
    return first_answer(stores_, [&](const TileReader& store) { return store.get(key); });
}

bool FallbackReader::exists(const TileKey& key) const {
    return first_answer(stores_, [&](const TileReader& store) { return store.exists(key); });
}

bool FallbackReader::is_unchanging() const {
    return std::ranges::all_of(stores_, [](const auto& store) { return store->is_unchanging(); });
}

bool FallbackReader::can_scan() const {
    return std::ranges::any_of(stores_, [](const auto& store) { return store->can_scan(); });
}

void FallbackReader::scan(const TileRange& range, const Visitor& visit) const {
    bool has_visited = false;
    walk_first(stores_, has_visited, [&](const TileReader& store) {
        store.scan(range, [&](const TileKey& key, BytesView content) {
            has_visited = true;
            visit(key, content);
        });
    });
}

void FallbackReader::list(const TileRange& range, const SizeVisitor& visit) const {
    bool has_visited = false;
    walk_first(stores_, has_visited, [&](const TileReader& store) {
        store.list(range, [&](const TileKey& key, std::uint64_t bytes) {
            has_visited = true;
            visit(key, bytes);
        });
    });
}

std::vector<FileSet> FallbackReader::file_sets() const {
    const auto found =
        std::ranges::find_if(stores_, [](const auto& store) { return store->can_scan(); });
    return found == stores_.end() ? std::vector<FileSet>{} : (*found)->file_sets();
}

FallbackWriter::FallbackWriter(std::vector<std::unique_ptr<TileWriter>> stores)
    : stores_{std::move(stores)} {}

void FallbackWriter::put(const TileKey& key, BytesView content) {
    FirstFailure failure;
    for (const auto& store : stores_) {
        failure.attempt([&] { store->put(key, content); });
    }
    failure.rethrow();
}

void FallbackWriter::erase(const TileKey& key) {
    FirstFailure failure;
    for (const auto& store : stores_) {
        failure.attempt([&] { store->erase(key); });
    }
    failure.rethrow();
}

void FallbackWriter::commit() {
    FirstFailure failure;
    for (const auto& store : stores_) {
        failure.attempt([&] { store->commit(); });
    }
    failure.rethrow();
}

}  // namespace offgrid
