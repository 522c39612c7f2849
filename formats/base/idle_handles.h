#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offgrid {

/// The handles of a Pool that are not in use, least recently used first, found by their file. Not
/// safe for concurrent use: the pool locks.
template <typename Handle>
class IdleHandles {
public:
    using Owned = std::unique_ptr<Handle>;

    IdleHandles() = default;
    IdleHandles(const IdleHandles&) = delete;
    IdleHandles& operator=(const IdleHandles&) = delete;

    std::size_t size() const { return handles_.size(); }
    bool is_empty() const { return handles_.empty(); }

    /// `tick` says when: see `take_since`.
    void add(std::string path, Owned handle, std::uint64_t tick) {
        auto& [key, places] = *by_path_.try_emplace(std::move(path)).first;
        handles_.push_back({&key, std::move(handle), tick});
        places.push_back(std::prev(handles_.end()));
    }

    /// The handle of the file that was used last; null when there is none.
    Owned take(const std::string& path) {
        const auto found = by_path_.find(path);
        return found == by_path_.end() ? nullptr : take(found, found->second.back());
    }

    /// REQUIRES: not empty.
    Owned take_oldest() { return take(handles_.begin()); }

    /// Take all that were added at `tick` or before.
    void take_since(std::uint64_t tick, std::vector<Owned>& taken) {
        while (!handles_.empty() && handles_.front().since <= tick) {
            taken.push_back(take_oldest());
        }
    }

    /// Take all whose file the predicate names.
    template <typename Predicate>
    void take_where(const Predicate& is_wanted, std::vector<Owned>& taken) {
        for (auto place = handles_.begin(); place != handles_.end();) {
            const auto next = std::next(place);
            if (is_wanted(*place->path)) {
                taken.push_back(take(place));
            }
            place = next;
        }
    }

private:
    struct Idle {
        const std::string* path;  // the key in `by_path_`
        Owned handle;
        std::uint64_t since;
    };
    using Place = typename std::list<Idle>::iterator;
    using Places = std::unordered_map<std::string, std::vector<Place>>;

    Owned take(Place place) { return take(by_path_.find(*place->path), place); }

    Owned take(typename Places::iterator of_path, Place place) {
        auto handle = std::move(place->handle);
        std::erase(of_path->second, place);
        handles_.erase(place);
        if (of_path->second.empty()) {
            by_path_.erase(of_path);
        }
        return handle;
    }

    std::list<Idle> handles_;
    Places by_path_;
};

}  // namespace offgrid
