#include "formats/tiff/cog_tags.h"

#include "formats/tiff/geo_keys.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace offgrid::tiff {
namespace {

/// What all images of a file have in common.
struct Coding {
    std::uint64_t samples = 4;
    std::uint64_t compression = deflate_compression;
    std::uint64_t photometric = photometric_rgb;
    bool has_differences = false;
    bool has_alpha = true;
};

Coding coding_of(const CogContent& content) {
    switch (content.format) {
        case TileFormat::jpeg:
            return {.samples = content.jpeg.samples,
                    .compression = jpeg_compression,
                    .photometric = content.jpeg.photometric,
                    .has_alpha = false};
        case TileFormat::webp:
            return {.compression = webp_compression};
        case TileFormat::png:
        case TileFormat::pbf:
            break;
    }
    return {.has_differences = true};
}

bool is_near(double a, double b) {
    return std::abs(a - b) <= 1e-9 * std::abs(b);
}

/// The name by which GDAL knows the grid, as far as the zoom goes; else its own.
std::string scheme_name(const Grid& grid, int z) {
    constexpr std::pair<const Grid& (*)(), std::string_view> known[]{
        {&Grid::google_maps_compatible, "GoogleMapsCompatible"},
        {&Grid::wgs84, "InspireCRS84Quad"},
    };
    const auto code = epsg_code(grid.srs());
    for (const auto& [other, name] : known) {
        const auto& of_gdal = other();
        if (code && code == epsg_code(of_gdal.srs()) && z < of_gdal.levels() &&
            grid.tile_size() == of_gdal.tile_size() &&
            is_near(grid.resolution(z), of_gdal.resolution(z)) &&
            is_near(grid.box_of(grid.whole(z)).min_x, of_gdal.box_of(of_gdal.whole(z)).min_x) &&
            is_near(grid.box_of(grid.whole(z)).max_y, of_gdal.box_of(of_gdal.whole(z)).max_y)) {
            return std::string{name};
        }
    }
    return grid.name();
}

std::string escaped(std::string_view text) {
    std::string xml;
    for (const auto character : text) {
        switch (character) {
            case '&':
                xml += "&amp;";
                break;
            case '<':
                xml += "&lt;";
                break;
            case '>':
                xml += "&gt;";
                break;
            default:
                xml += character;
        }
    }
    return xml;
}

/// How many images follow each other zoom by zoom, each half the one before.
std::size_t aligned_levels(const CogContent& content) {
    std::size_t count = 1;
    while (count < content.images.size() &&
           content.images[count].level.ratio == 2 * content.images[count - 1].level.ratio) {
        ++count;
    }
    return count;
}

/// Which grid the tiles are of, as GDAL's COG driver tells it.
std::string gdal_metadata(const CogContent& content) {
    const int z = content.images.front().level.range.z;
    const auto item = [](std::string_view name, const std::string& value) {
        return fmt::format("  <Item name=\"{}\" domain=\"TILING_SCHEME\">{}</Item>\n", name, value);
    };
    return "<GDALMetadata>\n" + item("NAME", escaped(scheme_name(*content.grid, z))) +
           item("ZOOM_LEVEL", std::to_string(z)) +
           item("ALIGNED_LEVELS", std::to_string(aligned_levels(content))) + "</GDALMetadata>\n";
}

/// Tags up to ImageLength.
void add_size(DirectoryPlan& plan, const CogContent& content, std::size_t image,
              std::uint64_t kind) {
    const auto& range = content.images[image].level.range;
    const auto tile = content.grid->tile_size();
    const auto add = [&](Tag tag, std::int64_t tiles) {
        plan.add_number(tag, Type::u32, static_cast<std::uint64_t>(tiles * tile));
    };
    if (const auto kinds = kind | (image > 0 ? reduced_image : 0); kinds != 0) {
        plan.add_number(Tag::new_subfile_type, Type::u32, kinds);
    }
    add(Tag::image_width, range.max_x - range.min_x);
    add(Tag::image_height, range.max_y - range.min_y);
}

/// Tags from TileWidth to TileByteCounts.
void add_tiles(DirectoryPlan& plan, const CogContent& content, const Flavour& flavour,
               TileArrays arrays) {
    const auto tile = static_cast<std::uint64_t>(content.grid->tile_size());
    plan.add_number(Tag::tile_width, Type::u16, tile);
    plan.add_number(Tag::tile_height, Type::u16, tile);
    plan.add_array(Tag::tile_offsets, flavour.offset_type(), arrays.places,
                   std::move(arrays.offsets));
    plan.add_array(Tag::tile_byte_counts, Type::u32, arrays.places, std::move(arrays.sizes));
}

void add_ycbcr(DirectoryPlan& plan, const Flavour& flavour, const ImageLayout& layout) {
    const std::array factors{static_cast<std::uint64_t>(layout.chroma_width_factor),
                             static_cast<std::uint64_t>(layout.chroma_height_factor)};
    plan.add_numbers(Tag::ycbcr_subsampling, Type::u16, factors);
    plan.add(Tag::reference_black_white, Type::rational, full_range(flavour));
}

void add_place(DirectoryPlan& plan, const CogContent& content) {
    const auto& grid = *content.grid;
    const auto& range = content.images.front().level.range;
    const auto box = grid.box_of(range);
    const auto resolution = grid.resolution(range.z);
    if (!content.copyright.empty()) {
        plan.add_text(Tag::copyright, content.copyright);
    }
    plan.add_reals(Tag::model_pixel_scale, {resolution, resolution, 0});
    plan.add_reals(Tag::model_tie_point, {0, 0, 0, box.min_x, box.max_y, 0});
    const auto srs = geo_keys_of(grid);
    const std::vector<std::uint64_t> keys{srs.directory.begin(), srs.directory.end()};
    plan.add_numbers(Tag::geo_key_directory, Type::u16, keys);
    if (!srs.texts.empty()) {
        plan.add_text(Tag::geo_ascii_params, srs.texts);
    }
    plan.add_text(Tag::gdal_metadata, gdal_metadata(content));
}

}  // namespace

DirectoryPlan plan_image(const CogContent& content, std::size_t image, const Flavour& flavour,
                         TileArrays arrays) {
    const auto coding = coding_of(content);
    const bool is_full = image == 0;
    const auto same = [&](std::uint64_t value) {
        return std::vector<std::uint64_t>(static_cast<std::size_t>(coding.samples), value);
    };
    DirectoryPlan plan{flavour};
    add_size(plan, content, image, 0);
    plan.add_numbers(Tag::bits_per_sample, Type::u16, same(8));
    plan.add_number(Tag::compression, Type::u16, coding.compression);
    plan.add_number(Tag::photometric, Type::u16, coding.photometric);
    if (is_full && !content.description.empty()) {
        plan.add_text(Tag::image_description, content.description);
    }
    plan.add_number(Tag::samples_per_pixel, Type::u16, coding.samples);
    plan.add_number(Tag::planar_configuration, Type::u16, contiguous);
    if (coding.has_differences) {
        plan.add_number(Tag::predictor, Type::u16, horizontal_differencing);
    }
    add_tiles(plan, content, flavour, std::move(arrays));
    if (coding.has_alpha) {
        plan.add_number(Tag::extra_samples, Type::u16, unassociated_alpha);
    }
    plan.add_numbers(Tag::sample_format, Type::u16, same(1));
    if (coding.compression == jpeg_compression) {
        plan.add(Tag::jpeg_tables, Type::undefined, content.jpeg_tables);
    }
    if (coding.photometric == photometric_ycbcr) {
        add_ycbcr(plan, flavour, content.jpeg);
    }
    if (is_full) {
        add_place(plan, content);
    }
    return plan;
}

DirectoryPlan plan_mask(const CogContent& content, std::size_t image, const Flavour& flavour,
                        TileArrays arrays) {
    DirectoryPlan plan{flavour};
    add_size(plan, content, image, mask_image);
    plan.add_number(Tag::bits_per_sample, Type::u16, 1);
    plan.add_number(Tag::compression, Type::u16, deflate_compression);
    plan.add_number(Tag::photometric, Type::u16, photometric_mask);
    plan.add_number(Tag::samples_per_pixel, Type::u16, 1);
    plan.add_number(Tag::planar_configuration, Type::u16, contiguous);
    add_tiles(plan, content, flavour, std::move(arrays));
    return plan;
}

}  // namespace offgrid::tiff
