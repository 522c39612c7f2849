// A query of WMS, `NAME=VALUE&…`, over a layer of one blank tile at each place. No request may make
// it fail, draw more than it may, or take a tile to be damaged.

#include "formats/image/png.h"
#include "serve/wms.h"
#include "tests/serve/layers_of.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the fuzzer is offgrid's

std::optional<Tile> blank(const TileKey& /*key*/) {
    static const auto png = encode_one_colour_png({1, 2, 3, 128}, 256, 256);
    return Tile{.content = png};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static const Live<LayerSet> layers{
        test::only(test::layer_with("a", {.format = TileFormat::png, .max_zoom = 20}, blank))};
    static const WmsService service{{.limits = {.max_side = 64}, .max_tiles = 16},
                                    [](std::string_view) { std::abort(); }};
    Request request{.path = "/wms"};
    for (std::string_view rest{reinterpret_cast<const char*>(input), size}; !rest.empty();) {
        const auto field = rest.substr(0, rest.find('&'));
        const auto equals = std::min(field.find('='), field.size());
        request.query.push_back(
            {field.substr(0, equals), field.substr(std::min(equals + 1, field.size()))});
        rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    }
    service.answer(layers.acquire(), request);
    return 0;
}
