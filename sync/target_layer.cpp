#include "sync/target_layer.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "sync/entry_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace offgrid {
namespace {

bool may_have(const Manifest& manifest, std::string_view file) {
    return std::ranges::any_of(manifest.pyramids, [&](const Pyramids& some) {
        return PathTemplate{some.names, some.options}.match(file).has_value();
    });
}

std::string sha256_of(const Manifest& manifest) {
    const auto& root = manifest.files.root();
    return root ? root->sha256 : sha256_hex({});
}

}  // namespace

std::string target_layer(const Generation& generation, const std::string& layer,
                         std::string_view file) {
    const auto& layers = generation.layers;
    if (layers.contains(layer)) {
        return layer;
    }
    const auto prefix = layer + "@";
    bool is_known = false;
    for (auto found = layers.lower_bound(prefix);
         found != layers.end() && found->first.starts_with(prefix); ++found) {
        if (may_have(found->second, file)) {
            return found->first;
        }
        is_known = true;
    }
    if (is_known) {
        throw Error{Errc::invalid_argument,
                    fmt::format("layer '{}' has no file '{}'", printable(layer), printable(file))};
    }
    throw Error{Errc::not_found, fmt::format("unknown layer '{}'", printable(layer))};
}

bool is_layer_or_tileset(std::string_view name, std::string_view layer) {
    return name.starts_with(layer) && (name.size() == layer.size() || name[layer.size()] == '@');
}

std::optional<std::string> sha256_of_layer(const Generation& generation, const std::string& layer) {
    std::string lists;
    std::optional<std::string> only;
    std::size_t count = 0;
    for (const auto& [name, manifest] : generation.layers) {
        if (is_layer_or_tileset(name, layer)) {
            only = sha256_of(manifest);
            lists += fmt::format("{}\n{}\n", name, *only);
            ++count;
        }
    }
    return count > 1 ? sha256_hex(as_bytes(lists)) : only;
}

std::optional<std::string> sha256_of_installed(const Generation& generation,
                                               const std::string& layer) {
    const auto found = generation.layers.find(layer);
    return found == generation.layers.end() ? std::nullopt
                                            : std::optional{sha256_of(found->second)};
}

}  // namespace offgrid
