#include "formats/kv/tile_keys.h"

#include "formats/base/error.h"
#include "formats/store/slashed_key.h"
#include "formats/tile/one_path_per_tile.h"

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

/// The address in a quadkey, row from the grid's origin; nothing for other text.
struct QuadAddress {
    std::int64_t z = 0;
    std::int64_t x = 0;
    std::int64_t row = 0;
};

std::optional<QuadAddress> parse_quadkey(std::string_view digits) {
    QuadAddress address;
    for (const char digit : digits) {
        if (digit < '0' || digit > '3' || ++address.z > 62) {
            return std::nullopt;
        }
        address.x = 2 * address.x + ((digit - '0') & 1);
        address.row = 2 * address.row + ((digit - '0') >> 1);
    }
    return address;
}

}  // namespace

TileKeys::TileKeys(std::string cache, const Grid& grid, PathTemplate keys)
    : cache_{std::move(cache)}, grid_{&grid}, keys_{std::move(keys)} {}

TileKeys TileKeys::by_template(const std::string& cache, const std::string& text,
                               const TilesetSlice& slice) {
    const auto& grid = *slice.info.grid;
    try {
        const PathTemplate keys{text, key_template_options()};
        check_one_path_per_tile(keys, grid, slice.values);
        return {cache, grid, keys.with_texts(grid, slice.values)};
    } catch (const Error& error) {
        rethrow_with(error, "cache '{}'", cache);
    }
}

TileKeys TileKeys::slashed(const std::string& cache, const TilesetSlice& slice) {
    const auto& grid = *slice.info.grid;
    return {cache, grid,
            PathTemplate{slashed_key(slice.values), key_template_options()}.with_texts(
                grid, without_white_space(slice.values))};
}

std::string TileKeys::of(const TileKey& tile) const {
    if (!grid_->contains(tile)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}': the grid {} has no tile {}/{}/{}", cache_,
                                grid_->name(), tile.z, tile.x, tile.y)};
    }
    return keys_.render(*grid_, tile);
}

std::optional<TileKey> TileKeys::parse(std::string_view key) const {
    const auto match = keys_.match(key);
    if (!match) {
        return std::nullopt;
    }
    const auto quad_text = match->texts.find("quadkey");
    const auto quad =
        quad_text == match->texts.end() ? std::nullopt : parse_quadkey(quad_text->second);
    const auto number = [&](std::string_view name, std::optional<std::int64_t> size,
                            std::optional<std::int64_t> otherwise) -> std::optional<std::int64_t> {
        if (const auto found = match->numbers.find(name); found != match->numbers.end()) {
            return found->second;
        }
        const auto inverted = match->numbers.find(fmt::format("inv_{}", name));
        return inverted != match->numbers.end() && size ? *size - 1 - inverted->second : otherwise;
    };
    const auto z = number("z", grid_->levels(), quad ? std::optional{quad->z} : std::nullopt);
    if (!z || *z < 0 || *z >= grid_->levels()) {
        return std::nullopt;
    }
    const auto zoom = static_cast<int>(*z);
    const auto height = grid_->matrix_height(zoom);
    const auto x =
        number("x", grid_->matrix_width(zoom), quad ? std::optional{quad->x} : std::nullopt);
    const auto row = number("y", height, quad ? std::optional{quad->row} : std::nullopt);
    if (!x || !row || *row < 0 || *row >= height) {
        return std::nullopt;
    }
    const auto tile = grid_->key_from_origin(zoom, *x, *row);
    return grid_->contains(tile) && of(tile) == key ? std::optional{tile} : std::nullopt;
}

TileRange TileKeys::within_grid(const TileRange& range) const {
    return range.is_empty() || range.z < 0 || range.z >= grid_->levels()
               ? TileRange{range.z}
               : intersection(range, grid_->whole(range.z));
}

std::string TileKeys::prefix(int z) const {
    // Every number is 0 in one of these corners and starts with another digit in the opposite one,
    // or is the same for all tiles of the zoom.
    const auto first = of({z, 0, 0});
    const auto last = of({z, grid_->matrix_width(z) - 1, grid_->matrix_height(z) - 1});
    const auto common = std::ranges::mismatch(first, last).in1;
    return {first.begin(), common};
}

}  // namespace offgrid
