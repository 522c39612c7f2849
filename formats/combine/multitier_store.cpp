#include "formats/combine/multitier_store.h"

#include "formats/base/error.h"
#include "formats/combine/first_failure.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace offgrid {

MultitierReader::MultitierReader(std::vector<Tier> tiers, Warn warn) : warn_{std::move(warn)} {
    assert(!tiers.empty());
    for (auto& tier : tiers) {
        tiers_.push_back(std::make_unique<State>());
        tiers_.back()->tier = std::move(tier);
    }
}

std::optional<Tile> MultitierReader::get(const TileKey& key) const {
    for (std::size_t found = 0; found < tiers_.size(); ++found) {
        auto tile = tiers_[found]->tier.reader->get(key);
        if (!tile) {
            continue;
        }
        for (auto faster = found; faster-- > 0;) {
            keep(*tiers_[faster], key, tile->content);
        }
        return tile;
    }
    return std::nullopt;
}

void MultitierReader::keep(State& state, const TileKey& key, BytesView content) const {
    if (!state.tier.keeper) {
        return;
    }
    std::string failure;
    {
        const std::lock_guard lock{state.mutex};
        try {
            state.tier.keeper->put(key, content);
            state.tier.keeper->commit();
        } catch (const Error& error) {
            if (!std::exchange(state.has_warned, true)) {
                failure = error.what();
            }
        }
    }
    if (!failure.empty() && warn_) {
        warn_(fmt::format("tile {}/{}/{} cannot be kept in a faster cache: {} (said once)", key.z,
                          key.x, key.y, failure));
    }
}

bool MultitierReader::exists(const TileKey& key) const {
    return std::ranges::any_of(tiers_,
                               [&](const auto& state) { return state->tier.reader->exists(key); });
}

void MultitierReader::scan(const TileRange& range, const Visitor& visit) const {
    tiers_.back()->tier.reader->scan(range, visit);
}

void MultitierReader::list(const TileRange& range, const SizeVisitor& visit) const {
    tiers_.back()->tier.reader->list(range, visit);
}

MultitierWriter::MultitierWriter(std::vector<std::unique_ptr<TileWriter>> stores)
    : stores_{std::move(stores)} {
    assert(!stores_.empty());
}

void MultitierWriter::put(const TileKey& key, BytesView content) {
    stores_.back()->put(key, content);
}

void MultitierWriter::erase(const TileKey& key) {
    FirstFailure failure;
    for (const auto& store : stores_) {
        failure.attempt([&] { store->erase(key); });
    }
    failure.rethrow();
}

void MultitierWriter::commit() {
    FirstFailure failure;
    for (const auto& store : stores_) {
        failure.attempt([&] { store->commit(); });
    }
    failure.rethrow();
}

}  // namespace offgrid
