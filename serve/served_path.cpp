#include "serve/served_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

std::ptrdiff_t depth_of(const std::string& name) {
    return std::ranges::count(name, '/');
}

/// Whether a store may be there though it was not found: what could not be looked at is that, above
/// it or in it.
bool may_be_in(const std::vector<std::string>& unread, const std::string& store) {
    const auto is_above = [](std::string_view folder, std::string_view name) {
        return folder.empty() || folder == name ||
               (name.starts_with(folder) && name[folder.size()] == '/');
    };
    return std::ranges::any_of(unread, [&](const std::string& name) {
        return is_above(name, store) || is_above(store, name);
    });
}

}  // namespace

ServedPath::Look ServedPath::look(const Times& times) {
    auto found = find_stores(path_, limits_);
    if (found.is_cut_off && !is_cut_off_) {
        log_(fmt::format("{} has more than is looked at: the rest is not served", path_.string()));
    }
    if (auto* const depot = own_depot();
        depot != nullptr && (found.is_folder || found.stores.empty())) {
        reopen_depot(*depot);  // says why it cannot be read
        return {};
    }
    note_failure(found);
    is_folder_ = found.is_folder || (is_folder_ && !found.unread.empty());
    is_cut_off_ = found.is_cut_off;
    note_folders(found);
    Look look;
    for (auto& [name, entry] : entries_) {
        entry.is_there = false;
    }
    for (const auto& store : found.stores) {
        look_at(store, times, look);
    }
    const auto gone = std::erase_if(entries_, [&](const auto& named) {
        const bool is_gone = !named.second.is_there && !may_be_in(found.unread, named.first);
        if (is_gone && named.second.store) {
            discard(*named.second.store);
        }
        return is_gone;
    });
    look.has_news = look.has_news || gone > 0;
    look.has_changed = look.has_changed || gone > 0;
    return look;
}

/// The depot that the path itself is, as far as is known: while its medium is away it is still
/// served.
ServedPath::Entry* ServedPath::own_depot() {
    const auto first = entries_.begin();
    const bool is_depot = first != entries_.end() && first->second.store &&
                          first->second.store->found().kind == StoreKind::depot &&
                          first->second.store->found().path == path_;
    return is_depot ? &first->second : nullptr;
}

void ServedPath::look_at(const FoundStore& found, const Times& times, Look& look) {
    auto& entry = entries_[found.name];
    entry.is_there = true;
    const auto* const store = entry.store.get();
    if (store != nullptr && store->found().identity == found.identity &&
        store->found().kind == found.kind) {
        entry.seen.reset();
        look_again_at(entry, times, look);
        return;
    }
    const auto now = Clock::now();
    if (entry.seen != found.identity) {
        entry.seen = found.identity;
        entry.since = now;
        look.has_news = true;
    }
    if (now - entry.since < times.settling) {
        look.is_unsettled = true;
        return;
    }
    if (store != nullptr) {
        discard(*store);
    }
    entry.store = std::make_shared<ServedStore>(found, pools_, log_);
    entry.seen.reset();
    entry.since = now;
    entry.tries = 0;
    look.has_changed = true;
}

/// At a store that is the same as at the look before.
void ServedPath::look_again_at(Entry& entry, const Times& times, Look& look) {
    constexpr int max_doublings = 6;
    if (entry.store->found().kind == StoreKind::depot && reopen_depot(entry)) {
        look.has_news = look.has_changed = true;
        return;
    }
    const auto pause = times.retry * (1 << std::min(entry.tries, max_doublings));
    if (entry.store->has_failed_for_now() && Clock::now() - entry.since >= pause) {
        entry.store = ServedStore::another_try(*entry.store);
        entry.since = Clock::now();
        ++entry.tries;
        look.has_changed = true;
    }
}

/// A layer set of before may still read it, and would give its handles back for the next file of
/// its name.
void ServedPath::discard(const ServedStore& store) const {
    if (const auto* const outcome = store.outcome()) {
        discard_handles(outcome->layers, pools_.files);
    }
}

/// Whether another generation of a depot is served now. What was served still is when that fails.
bool ServedPath::reopen_depot(Entry& entry) {
    const auto* const outcome = entry.store->outcome();
    if (outcome == nullptr) {
        return false;
    }
    const auto& served = outcome->layers.depot;
    try {
        const auto& found = entry.store->found();
        if (served && Depot{found.path}.current_number() == served->generation().number) {
            entry.last_failure.clear();
            return false;
        }
        auto next = std::make_shared<ServedStore>(found, pools_, log_, served);
        if (const auto& failure = next->open().failure) {
            throw Error{*failure};
        }
        entry.store = std::move(next);
        entry.last_failure.clear();
        return true;
    } catch (const std::exception& error) {
        // A medium that is unplugged fails at every look; once is enough to say so.
        if (entry.last_failure != error.what()) {
            entry.last_failure = error.what();
            log_(fmt::format("still serving the previous state: {}", error.what()));
        }
        return false;
    }
}

/// What cannot be read may stay so for long; once is enough to say so.
void ServedPath::note_failure(const FoundStores& found) {
    if (!found.failure.empty() && found.failure != failure_) {
        log_(fmt::format("{}: what was served of it still is", found.failure));
    }
    failure_ = found.failure;
}

void ServedPath::note_folders(const FoundStores& found) {
    if (!found.unread.empty()) {  // those that were not walked now are watched on
        folders_.insert(folders_.end(), found.folders.begin(), found.folders.end());
        std::ranges::sort(folders_);
        folders_.erase(std::ranges::unique(folders_).begin(), folders_.end());
        return;
    }
    folders_ = found.folders;
    if (!found.is_folder) {
        const auto whole = path_.has_filename() ? path_ : path_.parent_path();
        folders_.push_back(whole.has_parent_path() ? whole.parent_path() : ".");
    }
}

std::vector<std::shared_ptr<ServedStore>> ServedPath::stores() const {
    std::vector<std::shared_ptr<ServedStore>> stores;
    stores.reserve(entries_.size());
    for (const auto& [name, entry] : entries_) {
        if (entry.store) {
            stores.push_back(entry.store);
        }
    }
    std::ranges::stable_sort(stores, {}, [](const std::shared_ptr<ServedStore>& store) {
        return depth_of(store->found().name);
    });
    return stores;
}

}  // namespace offgrid
