#include "serve/max_ages.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace offgrid {

void MaxAges::add(const std::string& word) {
    const auto equals = word.rfind('=');  // the name of a layer may hold one
    const auto number = equals == std::string::npos ? word : word.substr(equals + 1);
    const auto seconds = parse_number<std::uint32_t>(number);
    if (!seconds || equals == 0) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' is not SECONDS or LAYER=SECONDS", word)};
    }
    if (equals == std::string::npos) {
        all = std::chrono::seconds{*seconds};
    } else {
        by_layer[word.substr(0, equals)] = std::chrono::seconds{*seconds};
    }
}

std::chrono::seconds MaxAges::of(const Layer& layer) const {
    if (layer.max_age.count() > 0 || layer.auto_expire.count() > 0) {
        return layer.max_age;
    }
    const auto found = by_layer.find(layer.id);
    return found == by_layer.end() ? all : found->second;
}

void MaxAges::apply(std::vector<Layer>& layers) const {
    for (auto& layer : layers) {
        layer.max_age = of(layer);
    }
}

std::vector<std::string> MaxAges::unknown_among(const std::vector<Layer>& layers) const {
    std::vector<std::string> unknown;
    for (const auto& [name, age] : by_layer) {
        if (std::ranges::find(layers, name, &Layer::id) == layers.end()) {
            unknown.push_back(name);
        }
    }
    return unknown;
}

LayerFinder MaxAges::apply(LayerFinder finder) const {
    return [ages = *this,
            finder = std::move(finder)](std::string_view id) -> std::shared_ptr<const Layer> {
        auto layer = finder(id);
        if (layer == nullptr || ages.of(*layer) == layer->max_age) {
            return layer;
        }
        // What is found may live on more than its own members.
        struct Aged {
            std::shared_ptr<const Layer> found{};
            Layer layer{};
        };
        auto aged = std::make_shared<Aged>(Aged{layer, *layer});
        aged->layer.max_age = ages.of(*layer);
        return {aged, &aged->layer};
    };
}

}  // namespace offgrid
