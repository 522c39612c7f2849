#pragma once

#include "serve/layer_set.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace offgrid {

/// How long clients may keep tiles without asking again, as the operator says. A layer whose own
/// configuration says something keeps that. A value.
struct MaxAges {
    std::chrono::seconds all{0};
    std::map<std::string, std::chrono::seconds, std::less<>> by_layer{};

    /// Add what a word of the command line says, `SECONDS` or `LAYER=SECONDS`. Throws
    /// `invalid_argument` for what is neither.
    void add(const std::string& word);

    /// How long clients may keep tiles of the layer.
    std::chrono::seconds of(const Layer& layer) const;

    void apply(std::vector<Layer>& layers) const;

    /// A finder of the same layers with these times.
    LayerFinder apply(LayerFinder finder) const;

    /// The names that none of the layers has, as an operator may have misspelt them; in order.
    std::vector<std::string> unknown_among(const std::vector<Layer>& layers) const;
};

}  // namespace offgrid
