// A style of a map; one that is taken names this server and no other, and is taken again.

#include "formats/base/error.h"
#include "serve/style_document.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using Json = nlohmann::json;

bool names_another(const Json& json) {
    if (json.is_string()) {
        const auto text = json.get<std::string>();
        return offgrid::looks_like_address(text) && !text.starts_with("http://ours/");
    }
    return json.is_structured() && std::any_of(json.begin(), json.end(), names_another);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    using namespace offgrid;
    const StyleAddresses addresses{.tiles = size % 2 == 0 ? StyleTiles::vector : StyleTiles::raster,
                                   .tilejson = "http://ours/t.json",
                                   .sprite = "http://ours/s",
                                   .glyphs = "http://ours/{fontstack}/{range}.pbf"};
    try {
        const auto style = rewritten_style({reinterpret_cast<const char*>(input), size}, addresses);
        if (names_another(Json::parse(style)) || rewritten_style(style, addresses) != style) {
            std::abort();
        }
    } catch (const Error&) {
        // refused
    }
    return 0;
}
