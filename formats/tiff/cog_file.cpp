#include "formats/tiff/cog_file.h"

#include "formats/tiff/cog_tags.h"
#include "formats/tiff/deflate_tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace offgrid::tiff {
namespace {

/// What GDAL's COG driver promises of a file, and what readers may build on (GDAL, COG driver,
/// "header ghost area"). The last byte is room for YES.
constexpr std::string_view promises =
    "LAYOUT=IFDS_BEFORE_DATA\n"
    "BLOCK_ORDER=ROW_MAJOR\n"
    "BLOCK_LEADER=SIZE_AS_UINT4\n"
    "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n"
    "KNOWN_INCOMPATIBLE_EDITION=NO\n ";

/// In front of a tile its size, behind it its last bytes once more.
constexpr std::uint64_t leader_size = 4;
constexpr std::uint64_t trailer_size = 4;

std::uint64_t size_in_file(std::uint64_t tile) {
    return leader_size + tile + trailer_size;
}

void append_tile(BufferedOutput& out, BytesView tile) {
    Bytes leader;
    Flavour{}.append(leader, tile.size(), leader_size);
    out.append(leader);
    out.append(tile);
    out.append(tile.last(std::min<std::size_t>(tile.size(), trailer_size)));
}

std::uint64_t size_in_file(const SpooledTiles& tiles) {
    std::uint64_t size = 0;
    for (const auto& tile : tiles) {
        size += size_in_file(tile.size);
    }
    return size;
}

std::uint64_t places_of(const CogContent::Image& image) {
    return static_cast<std::uint64_t>(image.level.range.count());
}

/// Visit the places of an image row by row, each with its tile or null.
template <typename Visit>
void for_each_place(const CogContent::Image& image, const Visit& visit) {
    auto tile = image.tiles->begin();
    const auto& range = image.level.range;
    for (auto y = range.min_y; y < range.max_y; ++y) {
        for (auto x = range.min_x; x < range.max_x; ++x) {
            const bool is_there = tile != image.tiles->end() && tile->y == y && tile->x == x;
            visit(is_there ? &*tile++ : nullptr);
        }
    }
}

/// Where all is, before anything is written. Borrows the content.
class Layout {
public:
    Layout(const CogContent& content, const Flavour& flavour)
        : content_{content}, flavour_{flavour}, tile_positions_(content.images.size()) {
        plan_directories();
        auto position = first_directory();
        for (const auto& directory : directories_) {
            directory_positions_.push_back(position);
            position += directory.size();
        }
        if (!mask_.empty()) {
            mask_position_ = position + leader_size;
            position += size_in_file(mask_.size());
        }
        for (auto image = content_.images.size(); image-- > 0;) {
            tile_positions_[image] = position;
            position += size_in_file(*content_.images[image].tiles);
        }
        size_ = position;
    }
    Layout(const Layout&) = delete;
    Layout& operator=(const Layout&) = delete;

    std::uint64_t size() const { return size_; }

    void write(BufferedOutput& out, const RandomFile& spool) const {
        out.append(file_header(flavour_, first_directory()));
        out.append(as_bytes(size_of_promises()));
        out.append(as_bytes(promises));
        for (std::size_t i = 0; i < directories_.size(); ++i) {
            const bool is_last = i + 1 == directories_.size();
            out.append_zeros_up_to(directory_positions_[i]);
            directories_[i].write(out, is_last ? 0 : directory_positions_[i + 1]);
        }
        if (!mask_.empty()) {
            append_tile(out, mask_);
        }
        Bytes tile;
        for (auto image = content_.images.rbegin(); image != content_.images.rend(); ++image) {
            for (const auto& spooled : *image->tiles) {
                tile.resize(spooled.size);
                spool.read(spooled.offset, tile);
                append_tile(out, tile);
            }
        }
    }

private:
    static std::string size_of_promises() {
        return fmt::format("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n", promises.size());
    }

    /// Behind the header and the promises, on an even position as TIFF asks.
    std::uint64_t first_directory() const {
        const auto end =
            file_header(flavour_, 0).size() + size_of_promises().size() + promises.size();
        return (end + 1) / 2 * 2;
    }

    void plan_directories() {
        const auto& images = content_.images;
        const bool has_masks = content_.format == TileFormat::jpeg &&
                               std::ranges::any_of(images, [](const CogContent::Image& image) {
                                   return image.tiles->size() < places_of(image);
                               });
        if (has_masks) {
            const auto side = static_cast<std::size_t>(content_.grid->tile_size());
            mask_ = deflate(Bytes((side + 7) / 8 * side, 0xFF));
        }
        for (std::size_t i = 0; i < images.size(); ++i) {
            directories_.push_back(plan_image(content_, i, flavour_, arrays_of(i)));
            if (has_masks) {
                directories_.push_back(plan_mask(content_, i, flavour_, mask_arrays_of(i)));
            }
        }
    }

    TileArrays arrays_of(std::size_t index) const {
        const auto& image = content_.images[index];
        return {.places = places_of(image),
                .offsets =
                    [this, &image, index](const DirectoryPlan::Visitor& visit) {
                        auto position = tile_positions_[index];
                        for_each_place(image, [&](const SpooledTile* tile) {
                            visit(tile != nullptr ? position + leader_size : 0);
                            position += tile != nullptr ? size_in_file(tile->size) : 0;
                        });
                    },
                .sizes =
                    [&image](const DirectoryPlan::Visitor& visit) {
                        for_each_place(image, [&](const SpooledTile* tile) {
                            visit(tile != nullptr ? tile->size : 0);
                        });
                    }};
    }

    /// All that is there shows: one tile of the mask is enough.
    TileArrays mask_arrays_of(std::size_t index) const {
        const auto& image = content_.images[index];
        return {.places = places_of(image),
                .offsets =
                    [this, &image](const DirectoryPlan::Visitor& visit) {
                        for_each_place(image, [&](const SpooledTile* tile) {
                            visit(tile != nullptr ? mask_position_ : 0);
                        });
                    },
                .sizes =
                    [this, &image](const DirectoryPlan::Visitor& visit) {
                        for_each_place(image, [&](const SpooledTile* tile) {
                            visit(tile != nullptr ? mask_.size() : 0);
                        });
                    }};
    }

    const CogContent& content_;
    const Flavour flavour_;
    std::vector<DirectoryPlan> directories_;
    std::vector<std::uint64_t> directory_positions_;
    Bytes mask_;  // a tile of it; empty: there are no masks
    std::uint64_t mask_position_ = 0;
    std::vector<std::uint64_t> tile_positions_;  // of the first tile of each image
    std::uint64_t size_ = 0;
};

}  // namespace

void write_cog(BufferedOutput& out, const CogContent& content, const RandomFile& spool) {
    const Layout classic{content, {}};
    if (classic.size() <= content.max_classic_size) {
        classic.write(out, spool);
    } else {
        Layout{content, {.is_big_tiff = true}}.write(out, spool);
    }
    out.flush();
}

}  // namespace offgrid::tiff
