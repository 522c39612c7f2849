#include "formats/tiff/tile_places.h"

#include "formats/base/error.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

namespace offgrid::tiff {
namespace {

bool has_any(const std::string& text, std::initializer_list<std::string_view> keys) {
    return std::ranges::any_of(
        keys, [&](std::string_view key) { return text.find(key) != std::string::npos; });
}

}  // namespace

TilePlaces::TilePlaces(const TiffOptions& options, const TilesetSlice& slice)
    : grid_{*slice.info.grid},
      names_{options.file, options.path},
      values_{slice.values},
      only_zoom_{slice.info.min_zoom} {
    if (options.path.xcount < 1 || options.path.ycount < 1 || options.quality < 1 ||
        options.quality > 100) {
        throw Error{Errc::invalid_argument,
                    fmt::format("{} by {} tiles a file of quality {}", options.path.xcount,
                                options.path.ycount, options.quality)};
    }
    const auto& text = names_.text();
    const bool has_plain_x = has_any(text, {"{x}", "{div_x}", "{quadkey}"});
    const bool has_plain_y = has_any(text, {"{y}", "{div_y}", "{quadkey}"});
    is_x_inverted_ = !has_plain_x && has_any(text, {"{inv_x}", "{inv_div_x}"});
    is_y_inverted_ = !has_plain_y && has_any(text, {"{inv_y}", "{inv_div_y}"});
    has_x_ = has_plain_x || is_x_inverted_;
    has_y_ = has_plain_y || is_y_inverted_;
    has_z_ = has_any(text, {"{z}", "{inv_z}", "{quadkey}"}) || grid_.levels() == 1;
    if (!has_z_ && slice.info.min_zoom < slice.info.max_zoom) {
        throw Error{Errc::invalid_argument,
                    fmt::format("the tiles of several zooms would share the files {}", text)};
    }
}

Place TilePlaces::place_of(const TileKey& key) const {
    const auto& counts = names_.options();
    if ((!has_x_ && grid_.matrix_width(key.z) > counts.xcount) ||
        (!has_y_ && grid_.matrix_height(key.z) > counts.ycount) || !may_hold(key.z)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("several tiles share the place of {}/{}/{} in the files {}", key.z,
                                key.x, key.y, names_.text())};
    }
    const auto column = static_cast<std::uint64_t>(key.x) % across(key.z);
    const auto row = static_cast<std::uint64_t>(grid_.row_from_origin(key)) % down(key.z);
    return {names_.render(grid_, key, values_), column,
            grid_.origin() == Grid::Origin::bottom_left ? down(key.z) - 1 - row : row};
}

std::uint64_t TilePlaces::across(int z) const {
    return static_cast<std::uint64_t>(std::min(names_.options().xcount, grid_.matrix_width(z)));
}

std::uint64_t TilePlaces::down(int z) const {
    return static_cast<std::uint64_t>(std::min(names_.options().ycount, grid_.matrix_height(z)));
}

bool TilePlaces::is_contiguous(int z) const {
    const auto wraps = [](bool is_inverted, std::int64_t tiles, std::int64_t count) {
        return is_inverted && tiles > count && tiles % count != 0;
    };
    return !wraps(is_x_inverted_, grid_.matrix_width(z), names_.options().xcount) &&
           !wraps(is_y_inverted_, grid_.matrix_height(z), names_.options().ycount);
}

std::optional<Corner> TilePlaces::corner_of(const TileKey& key) const {
    if (!is_contiguous(key.z)) {
        return std::nullopt;
    }
    const auto place = place_of(key);
    const auto side = grid_.resolution(key.z) * grid_.tile_size();
    const auto box = grid_.box_of(key);
    return Corner{box.min_x - static_cast<double>(place.column) * side,
                  box.max_y + static_cast<double>(place.row) * side};
}

std::uint64_t TilePlaces::index_in(const TiffFile& file, const TileKey& key,
                                   const Place& place) const {
    const auto& image = file.layout();
    if (image.across != across(key.z) || image.down != down(key.z) ||
        image.tile_size != static_cast<std::uint64_t>(grid_.tile_size())) {
        throw Error{Errc::unsupported,
                    fmt::format("{} has {} by {} tiles of {} pixels, not {} by {} of {}",
                                place.file, image.across, image.down, image.tile_size,
                                across(key.z), down(key.z), grid_.tile_size())};
    }
    const auto row = has_reversed_rows(file, key) ? image.down - 1 - place.row : place.row;
    return row * image.across + place.column;
}

TileKey TilePlaces::key_at(const TiffFile& file, std::uint64_t index, const TileKey& first) const {
    const auto& image = file.layout();
    const auto place = place_of(first);
    const auto column = index % image.across;
    const auto stored_row = index / image.across;
    const auto row = has_reversed_rows(file, first) ? image.down - 1 - stored_row : stored_row;
    const auto step = [](std::uint64_t from, std::uint64_t to) {
        return static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from);
    };
    auto right = step(place.column, column);
    auto down = step(place.row, row);
    if (!is_contiguous(first.z)) {
        right += right < 0 ? static_cast<std::int64_t>(image.across) : 0;
        down += down < 0 ? static_cast<std::int64_t>(image.down) : 0;
    }
    return {first.z, first.x + right, first.y + down};
}

bool TilePlaces::has_reversed_rows(const TiffFile& file, const TileKey& key) const {
    if (grid_.origin() != Grid::Origin::top_left || file.layout().down < 2 || !file.north()) {
        return false;
    }
    const auto corner = corner_of(key);
    const auto side = grid_.resolution(key.z) * grid_.tile_size();
    return corner && std::abs(corner->north - static_cast<double>(file.layout().down - 1) * side -
                              *file.north()) < side / 2;
}

}  // namespace offgrid::tiff
