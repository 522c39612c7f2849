#include "serve/layer_set.h"

#include "formats/base/error.h"
#include "serve/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {

LayerSet::LayerSet(std::vector<Layer> layers, std::optional<std::uint64_t> generation,
                   std::vector<LayerFinder> finders,
                   std::vector<std::shared_ptr<const ServedGeneration>> depots,
                   StoresNotServed not_served)
    : depots_{std::move(depots)},
      layers_{std::move(layers)},
      generation_{generation},
      finders_{std::move(finders)},
      not_served_{std::move(not_served)} {
    std::sort(layers_.begin(), layers_.end(),
              [](const Layer& a, const Layer& b) { return a.id < b.id; });
    const auto twin =
        std::adjacent_find(layers_.begin(), layers_.end(),
                           [](const Layer& a, const Layer& b) { return a.id == b.id; });
    if (twin != layers_.end()) {
        throw Error{Errc::already_exists,
                    fmt::format("two layers are called '{}': {} and {}", twin->id, twin->origin,
                                std::next(twin)->origin)};
    }
}

LayerSet::~LayerSet() = default;

const Catalogue& LayerSet::catalogue() const {
    std::call_once(catalogue_made_,
                   [this] { catalogue_ = std::make_unique<const Catalogue>(layers_); });
    return *catalogue_;
}

std::shared_ptr<const Layer> LayerSet::find(std::string_view id) const {
    const auto found = std::lower_bound(
        layers_.begin(), layers_.end(), id,
        [](const Layer& layer, std::string_view wanted) { return layer.id < wanted; });
    if (found != layers_.end() && found->id == id && !found->is_found_anew) {
        return {std::shared_ptr<const void>{}, &*found};  // owned by this set
    }
    for (const auto& finder : finders_) {
        if (auto layer = finder(id)) {
            return layer;
        }
    }
    return nullptr;
}

const ServedGeneration* LayerSet::served(const std::filesystem::path& depot) const {
    const auto found = std::find_if(depots_.begin(), depots_.end(),
                                    [&](const auto& some) { return some->root() == depot; });
    return found == depots_.end() ? nullptr : found->get();
}

}  // namespace offgrid
