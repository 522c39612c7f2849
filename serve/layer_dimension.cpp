#include "serve/layer_dimension.h"

#include "formats/base/error.h"

namespace offgrid {

std::vector<std::string> LayerDimension::listed_values() const {
    try {
        if (auto all = values(); !all.empty()) {
            return all;
        }
    } catch (const Error&) {
        return {default_value};
    }
    return {default_value};
}

}  // namespace offgrid
