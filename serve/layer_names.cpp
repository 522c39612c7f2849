#include "serve/layer_names.h"

#include "formats/package/manifest.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace offgrid {

bool LayerNames::is_free(const std::string& name) const {
    return is_layer_name(name) && !taken_.contains(name);
}

std::string LayerNames::take(const std::string& wanted, const StorePlace& place) {
    std::vector<std::string> candidates{wanted};
    for (auto folder = place.folders.rbegin(); folder != place.folders.rend(); ++folder) {
        candidates.push_back(fmt::format("{}:{}", *folder, candidates.back()));
    }
    const auto longest = candidates.back();
    if (!place.extension.empty()) {
        candidates.push_back(longest + place.extension);
    }
    candidates.push_back(fmt::format("{}:{}", place.root, longest));
    for (const auto& candidate : candidates) {
        if (is_free(candidate)) {
            return *taken_.insert(candidate).first;
        }
    }
    constexpr std::size_t room = 100;  // for the number, within what a name may have
    const auto stem = wanted.size() > room ? std::string{"layer"} : wanted;
    for (std::uint64_t number = 2;; ++number) {
        if (auto name = fmt::format("{}~{}", stem, number); is_free(name)) {
            return *taken_.insert(std::move(name)).first;
        }
    }
}

}  // namespace offgrid
