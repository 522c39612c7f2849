#include "serve/open_layers.h"

#include "formats/base/error.h"
#include "serve/layer_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using Stores = std::vector<std::shared_ptr<ServedStore>>;
using Clock = std::chrono::steady_clock;

/// Where a store is, for a layer that would be called so.
StorePlace place_of(const FoundStore& store, const ServedPath& path, const std::string& wanted) {
    StorePlace place;
    const fs::path name{store.name};
    for (const auto& folder : name.parent_path()) {
        place.folders.push_back(folder.string());
    }
    const bool is_file = store.kind != StoreKind::package && store.kind != StoreKind::tile_tree &&
                         store.kind != StoreKind::depot;
    if (is_file) {
        place.extension = name.extension().string();
    } else if (name.string() != wanted) {
        place.folders.push_back(name.filename().string());
    }
    place.root = own_name(path.is_folder() ? path.path() : fs::absolute(path.path()).parent_path());
    return place;
}

/// Stores that nobody has opened yet, by the names that their layers are expected to have.
using Waiting = std::unordered_map<std::string, std::shared_ptr<ServedStore>>;

/// The layer of a store that is opened for it; null when that has none of the name.
std::shared_ptr<const Layer> layer_in(const std::shared_ptr<ServedStore>& store,
                                      std::string_view id) {
    const auto& layers = store->open().layers.layers;
    const auto found = std::ranges::find(layers, id, &Layer::id);
    if (found != layers.end()) {
        return {store, &*found};
    }
    if (layers.size() != 1 || store->found().kind == StoreKind::package) {
        return nullptr;
    }
    auto renamed = layers.front();
    renamed.id = id;
    return std::make_shared<const Layer>(std::move(renamed));
}

/// Opens what is asked for before its turn. A table of a GeoPackage is `FILE:TABLE`.
LayerFinder finder_in(Waiting stores) {
    return [stores = std::move(stores)](std::string_view id) -> std::shared_ptr<const Layer> {
        const auto found = stores.find(std::string{id});
        if (found != stores.end()) {
            return layer_in(found->second, id);
        }
        const auto file = stores.find(std::string{id.substr(0, id.find(':'))});
        return file == stores.end() || file->second->found().kind != StoreKind::geopackage
                   ? nullptr
                   : layer_in(file->second, id);
    };
}

/// Puts a set of layers together.
class Assembly {
public:
    /// Those of stores whose layers others refer to, or the others.
    enum class Names { fixed, free };

    void add(const ServedPath& path, Names wanted) {
        for (const auto& store : path.stores()) {
            const auto kind = store->found().kind;
            const bool is_fixed = kind == StoreKind::configuration || kind == StoreKind::depot;
            if (is_fixed == (wanted == Names::fixed)) {
                add(store, path);
            }
        }
    }

    std::unique_ptr<const LayerSet> finish(const MaxAges& max_ages) && {
        max_ages.apply(layers_);
        const auto waiting = waiting_.size();
        if (waiting > 0) {
            finders_.push_back(finder_in(std::move(waiting_)));
        }
        for (auto& finder : finders_) {
            finder = max_ages.apply(std::move(finder));
        }
        const auto generation = depots_.size() == 1
                                    ? std::optional{depots_.front()->generation().number}
                                    : std::nullopt;
        std::ranges::sort(quarantined_, {}, &QuarantinedStore::name);
        return std::make_unique<const LayerSet>(
            std::move(layers_), generation, std::move(finders_), std::move(depots_),
            StoresNotServed{.quarantined = std::move(quarantined_), .waiting = waiting});
    }

private:
    void add(const std::shared_ptr<ServedStore>& store, const ServedPath& path) {
        const auto* const outcome = store->outcome();
        const auto& found = store->found();
        if (outcome == nullptr) {
            const auto name = fs::path{found.name}.stem().string();
            waiting_.emplace(names_.take(name, place_of(found, path, name)), store);
            return;
        }
        if (outcome->failure) {
            quarantined_.push_back({.name = found.name, .reason = reason_for_clients(*store)});
            return;
        }
        const auto& opened = outcome->layers;
        for (const auto& layer : opened.layers) {
            layers_.push_back(layer);
            layers_.back().id = names_.take(layer.id, place_of(found, path, layer.id));
        }
        std::ranges::copy(opened.finders, std::back_inserter(finders_));
        if (opened.depot) {
            depots_.push_back(opened.depot);
        }
    }

    LayerNames names_;
    std::vector<Layer> layers_;
    std::vector<LayerFinder> finders_;
    std::vector<std::shared_ptr<const ServedGeneration>> depots_;
    std::vector<QuarantinedStore> quarantined_;
    Waiting waiting_;
};

}  // namespace

std::unique_ptr<const LayerSet> open_generation(const Depot& depot, const Generation& generation,
                                                sqlite::MbtilesPool& pool, const LayerSet* before) {
    auto served = std::make_shared<const ServedGeneration>(
        depot, generation, pool, before == nullptr ? nullptr : before->served(depot.root()));
    auto layers = layers_of(served);
    std::vector<std::shared_ptr<const ServedGeneration>> depots{std::move(served)};
    return std::make_unique<const LayerSet>(std::move(layers), generation.number,
                                            std::vector<LayerFinder>{}, std::move(depots));
}

Generation current_generation(const Depot& depot, const LayerSet& served) {
    const auto* const known = served.served(depot.root());
    if (known == nullptr) {
        return depot.load_current();
    }
    const auto number = depot.current_number();
    return known->generation().number == number ? known->generation()
                                                : depot.load(number, known->generation());
}

PoolReports reports_of(const std::vector<StorePool>& pools) {
    PoolReports reports;
    for (const auto& pool : pools) {
        reports[pool.store] += pool.statistics();
    }
    return reports;
}

ServedPaths::ServedPaths(std::vector<fs::path> paths, sqlite::MbtilesPool& pool, Log log,
                         ServedPathsOptions options)
    : pool_{pool},
      log_{std::move(log)},
      options_{std::move(options)},
      readers_{make_reader_pool(options_.max_open_files, pool)} {
    for (auto& path : paths) {
        if (!fs::exists(path)) {
            throw Error{Errc::not_found, fmt::format("{}: no such file or folder", path.string())};
        }
        paths_.emplace_back(std::move(path), StorePools{pool_, readers_}, log_, options_.limits);
        paths_.back().look({.settling = std::chrono::milliseconds{0}});
        if (!paths_.back().is_folder()) {
            for (const auto& store : paths_.back().stores()) {
                if (const auto& failure = store->open().failure) {
                    throw Error{*failure};
                }
            }
        }
    }
    open_some();
    note_pools();
    is_waiting_ = !unopened().empty();
}

Stores ServedPaths::unopened() const {
    Stores stores;
    for (const auto& path : paths_) {
        std::ranges::copy_if(path.stores(), std::back_inserter(stores),
                             [](const auto& store) { return store->outcome() == nullptr; });
    }
    // Those whose layers' names only a look into them tells come first.
    std::stable_partition(stores.begin(), stores.end(), [](const auto& store) {
        const auto kind = store->found().kind;
        return kind == StoreKind::configuration || kind == StoreKind::depot;
    });
    return stores;
}

/// Whether there was something to open.
bool ServedPaths::open_some() {
    const auto stores = unopened();
    if (stores.empty()) {
        return false;
    }
    open_stores(stores, Clock::now() + options_.opening_time, options_.threads);
    report(stores);
    return true;
}

void ServedPaths::report(const Stores& stores) const {
    for (const auto& store : stores) {
        const auto* const outcome = store->outcome();
        if (outcome != nullptr && outcome->failure && !store->has_failed_again()) {
            log_(fmt::format("{} is left out: {}", store->found().path.string(),
                             outcome->failure->what()));
        }
    }
}

void ServedPaths::note_pools() {
    std::vector<StorePool> pools;
    for (const auto& path : paths_) {
        for (const auto& store : path.stores()) {
            if (const auto* const outcome = store->outcome()) {
                std::ranges::copy(outcome->layers.store_pools, std::back_inserter(pools));
            }
        }
    }
    const std::lock_guard lock{mutex_};
    store_pools_.swap(pools);
}

ServedPaths::Look ServedPaths::look() {
    Look look;
    for (auto& path : paths_) {
        const auto found = path.look({options_.settling_time, options_.retry_time});
        look.has_news = look.has_news || found.has_news;
        look.has_changed = look.has_changed || found.has_changed;
        look.is_settling = look.is_settling || found.is_unsettled;
    }
    // What waited may have been opened for somebody who asked.
    look.has_changed = open_some() || is_waiting_ || look.has_changed;
    if (look.has_changed) {
        note_pools();
    }
    is_waiting_ = !unopened().empty();
    look.is_unfinished = is_waiting_;
    return look;
}

std::unique_ptr<const LayerSet> ServedPaths::layers() const {
    Assembly assembly;
    for (const auto names : {Assembly::Names::fixed, Assembly::Names::free}) {
        for (const auto& path : paths_) {
            assembly.add(path, names);
        }
    }
    return std::move(assembly).finish(options_.max_ages);
}

std::vector<fs::path> ServedPaths::folders() const {
    std::vector<fs::path> folders;
    for (const auto& path : paths_) {
        folders.insert(folders.end(), path.folders().begin(), path.folders().end());
    }
    std::ranges::sort(folders);
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    return folders;
}

PoolReports ServedPaths::pool_reports() const {
    std::vector<StorePool> pools;
    {
        const std::lock_guard lock{mutex_};
        pools = store_pools_;
    }
    return reports_of(pools);
}

}  // namespace offgrid
