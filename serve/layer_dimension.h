#pragma once

#include <functional>
#include <string>
#include <vector>

namespace offgrid {

/// A dimension of a layer as services list it, such as time. A value; what `values` asks belongs to
/// the layer's owner.
struct LayerDimension {
    std::string name{};
    std::string default_value{};

    /// All values, as they are at the moment; none where they cannot be listed. Throws what a store
    /// throws.
    std::function<std::vector<std::string>()> values{};

    /// The same for a list of all layers: at least the default, which is all where others cannot be
    /// listed, or where a database does not answer, which is to hide no other layer.
    std::vector<std::string> listed_values() const;
};

}  // namespace offgrid
