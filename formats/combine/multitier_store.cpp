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

/// The turn of one thread to write a tier: a keeper that is idle, or room for another.
class MultitierReader::Turn {
public:
    explicit Turn(State& state) : state_{state} {
        const std::lock_guard lock{state_.mutex};
        is_mine_ = state_.at_work < state_.tier.max_keepers;
        if (is_mine_) {
            ++state_.at_work;
            state_.idle.reserve(static_cast<std::size_t>(state_.tier.max_keepers));
        }
        if (is_mine_ && !state_.idle.empty()) {
            keeper_ = std::move(state_.idle.back());
            state_.idle.pop_back();
        }
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        const std::lock_guard lock{state_.mutex};
        if (is_mine_) {
            --state_.at_work;
        }
        if (is_good_) {
            state_.idle.push_back(std::move(keeper_));
        }
    }

    explicit operator bool() const { return is_mine_; }

    void keep(const TileKey& key, BytesView content) {
        if (!keeper_) {
            keeper_ = state_.tier.open_keeper();
        }
        keeper_->put(key, content);
        keeper_->commit();
        is_good_ = true;
    }

private:
    State& state_;
    std::unique_ptr<TileWriter> keeper_;
    bool is_mine_ = false;
    bool is_good_ = false;
};

void MultitierReader::keep(State& state, const TileKey& key, BytesView content) const {
    if (!state.tier.open_keeper) {
        return;
    }
    try {
        if (Turn turn{state}) {
            turn.keep(key, content);
        }
    } catch (const Error& error) {
        warn_once(state, key, error);
    }
}

void MultitierReader::warn_once(State& state, const TileKey& key, const Error& error) const {
    {
        const std::lock_guard lock{state.mutex};
        if (std::exchange(state.has_warned, true)) {
            return;
        }
    }
    if (warn_) {
        warn_(fmt::format("tile {}/{}/{} cannot be kept in a faster cache: {} (said once)", key.z,
                          key.x, key.y, error.what()));
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
