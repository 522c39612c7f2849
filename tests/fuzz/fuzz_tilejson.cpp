// The metadata of a layer: zooms and bounds, then lines of text. TileJSON and the list of layers
// are JSON with numbers, whatever it says.

#include "serve/layer_documents.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using Json = nlohmann::json;

class NoTiles final : public offgrid::TileReader {
public:
    explicit NoTiles(offgrid::StoreInfo info) : info_{std::move(info)} {}
    const offgrid::StoreInfo& info() const override { return info_; }
    std::optional<offgrid::Tile> get(const offgrid::TileKey&) const override { return {}; }
    void scan(const offgrid::TileRange&, const Visitor&) const override {}

private:
    offgrid::StoreInfo info_;
};

bool has_null(const Json& json) {
    return json.is_null() ||
           (json.is_structured() && std::any_of(json.begin(), json.end(), has_null));
}

std::string take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return std::string{line};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    offgrid::StoreInfo info{.format = offgrid::TileFormat::pbf, .bounds = offgrid::Box{}};
    constexpr auto head = 2 * sizeof(int) + sizeof(offgrid::Box);
    if (size < head) {
        return 0;
    }
    std::memcpy(&info.min_zoom, input, sizeof(int));
    std::memcpy(&info.max_zoom, input + sizeof(int), sizeof(int));
    std::memcpy(&*info.bounds, input + 2 * sizeof(int), sizeof(offgrid::Box));
    info.grid =
        *input % 2 == 0 ? &offgrid::Grid::google_maps_compatible() : &offgrid::Grid::wgs84();
    std::string_view text{reinterpret_cast<const char*>(input) + head, size - head};
    info.name = take_line(text);
    info.attribution = take_line(text);
    info.description = take_line(text);
    std::vector<offgrid::Layer> layers(1);
    layers[0] = {.id = "a",
                 .origin = "",
                 .vector_layers = std::string{text},
                 .format = info.format,
                 .tiles = std::make_shared<NoTiles>(info)};
    if (has_null(Json::parse(offgrid::tilejson(layers[0], "maps.local"))) ||
        has_null(Json::parse(offgrid::layers_json(offgrid::LayerSet{layers}, "")))) {
        std::abort();
    }
    return 0;
}
