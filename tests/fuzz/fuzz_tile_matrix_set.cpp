// An OGC tile matrix set; one that is taken is written and read back the same.

#include "formats/base/error.h"
#include "formats/tile/tile_matrix_set_json.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace {

std::optional<offgrid::Grid> grid_of(std::string_view text) {
    try {
        return offgrid::Grid{offgrid::parse_tile_matrix_set(text)};
    } catch (const offgrid::Error&) {
        return std::nullopt;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    const auto grid = grid_of({reinterpret_cast<const char*>(input), size});
    if (grid && grid_of(offgrid::to_tile_matrix_set(*grid).dump()) != grid) {
        std::abort();
    }
    return 0;
}
