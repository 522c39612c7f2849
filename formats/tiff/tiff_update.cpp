#include "formats/tiff/tiff_update.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <filesystem>

namespace offgrid::tiff {
namespace {

namespace fs = std::filesystem;

std::uint64_t aligned(std::uint64_t position, std::uint64_t alignment) {
    return (position + alignment - 1) / alignment * alignment;
}

/// Lays out a directory and its values as a block of bytes that begins at a position of a file.
class DirectoryBuilder {
public:
    /// REQUIRES: the position is a multiple of 8.
    DirectoryBuilder(const Flavour& flavour, std::uint64_t position)
        : flavour_{flavour}, position_{position} {}

    /// An entry whose values are in the file already.
    void keep(const Entry& entry) { entries_.push_back(entry); }

    void add(Tag tag, Type type, BytesView values) {
        Entry entry{.tag = tag, .type = type, .count = values.size() / size_of(type)};
        if (values.size() <= flavour_.offset_size()) {
            std::ranges::copy(values, entry.field.begin());
        } else {
            align();
            Bytes field;
            flavour_.append(field, position_ + bytes_.size(), flavour_.offset_size());
            std::ranges::copy(field, entry.field.begin());
            bytes_.insert(bytes_.end(), values.begin(), values.end());
        }
        entries_.push_back(entry);
    }

    void add_numbers(Tag tag, Type type, std::span<const std::uint64_t> numbers) {
        Bytes values;
        values.reserve(numbers.size() * size_of(type));
        for (const auto number : numbers) {
            flavour_.append(values, number, size_of(type));
        }
        add(tag, type, values);
    }

    void add_number(Tag tag, Type type, std::uint64_t number) {
        add_numbers(tag, type, std::span{&number, 1});
    }

    void add_reals(Tag tag, std::initializer_list<double> reals) {
        Bytes values;
        for (const auto real : reals) {
            flavour_.append(values, std::bit_cast<std::uint64_t>(real), 8);
        }
        add(tag, Type::f64, values);
    }

    /// End with the directory; returns where it is.
    std::uint64_t finish(std::uint64_t next) {
        align();
        const auto directory = position_ + bytes_.size();
        std::ranges::stable_sort(entries_, {}, &Entry::tag);
        flavour_.append(bytes_, entries_.size(), flavour_.entry_count_size());
        for (const auto& entry : entries_) {
            flavour_.append(bytes_, static_cast<std::uint64_t>(entry.tag), 2);
            flavour_.append(bytes_, static_cast<std::uint64_t>(entry.type), 2);
            flavour_.append(bytes_, entry.count, flavour_.offset_size());
            bytes_.insert(
                bytes_.end(), entry.field.begin(),
                entry.field.begin() + static_cast<std::ptrdiff_t>(flavour_.offset_size()));
        }
        flavour_.append(bytes_, next, flavour_.offset_size());
        return directory;
    }

    const Bytes& bytes() const { return bytes_; }

private:
    void align() { bytes_.resize(aligned(bytes_.size(), 8)); }

    Flavour flavour_;
    std::uint64_t position_;
    std::vector<Entry> entries_;
    Bytes bytes_;
};

void add_image(DirectoryBuilder& builder, const Flavour& flavour, const NewImage& image) {
    const auto& layout = image.layout;
    const auto samples = static_cast<std::size_t>(layout.samples);
    builder.add_number(Tag::image_width, Type::u32, layout.across * layout.tile_size);
    builder.add_number(Tag::image_height, Type::u32, layout.down * layout.tile_size);
    builder.add_numbers(Tag::bits_per_sample, Type::u16, std::vector<std::uint64_t>(samples, 8));
    builder.add_number(Tag::compression, Type::u16, jpeg_compression);
    builder.add_number(Tag::photometric, Type::u16, layout.photometric);
    builder.add_number(Tag::samples_per_pixel, Type::u16, layout.samples);
    builder.add_number(Tag::planar_configuration, Type::u16, contiguous);
    builder.add_number(Tag::tile_width, Type::u16, layout.tile_size);
    builder.add_number(Tag::tile_height, Type::u16, layout.tile_size);
    const std::vector<std::uint64_t> none(layout.across * layout.down);
    builder.add_numbers(Tag::tile_offsets, flavour.offset_type(), none);
    builder.add_numbers(Tag::tile_byte_counts, flavour.offset_type(), none);
    builder.add_numbers(Tag::sample_format, Type::u16, std::vector<std::uint64_t>(samples, 1));
    builder.add(Tag::jpeg_tables, Type::undefined, image.tables);
    if (layout.photometric == photometric_ycbcr) {
        const std::array factors{static_cast<std::uint64_t>(layout.chroma_width_factor),
                                 static_cast<std::uint64_t>(layout.chroma_height_factor)};
        builder.add_numbers(Tag::ycbcr_subsampling, Type::u16, factors);
        builder.add(Tag::reference_black_white, Type::rational, full_range(flavour));
    }
    if (image.corner) {
        builder.add_reals(Tag::model_pixel_scale, {image.resolution, image.resolution, 0});
        builder.add_reals(Tag::model_tie_point,
                          {0, 0, 0, image.corner->west, image.corner->north, 0});
        const std::vector<std::uint64_t> keys{image.srs.directory.begin(),
                                              image.srs.directory.end()};
        builder.add_numbers(Tag::geo_key_directory, Type::u16, keys);
        if (!image.srs.texts.empty()) {
            const auto text = std::string_view{image.srs.texts.c_str(), image.srs.texts.size() + 1};
            builder.add(Tag::geo_ascii_params, Type::ascii, as_bytes(text));
        }
    }
}

bool passes_4_gib(const ImageLayout& layout) {
    const auto limit = max_classic_size / (layout.tile_size * layout.tile_size * layout.samples);
    return layout.across > limit / layout.down;
}

}  // namespace

void create_tiff(FileOps& disk, const std::string& path, const NewImage& image) {
    const Flavour flavour{.is_big_tiff = passes_4_gib(image.layout)};
    constexpr std::uint64_t header_size = 16;  // of BigTIFF; classic leaves half of it
    DirectoryBuilder builder{flavour, header_size};
    add_image(builder, flavour, image);
    const auto directory = builder.finish(0);

    auto header = file_header(flavour, directory);
    header.resize(header_size);

    const auto folder = fs::path{path}.parent_path();
    disk.create_directories(folder);
    const auto part = fmt::format("{}.{}.part", path, ::getpid());
    disk.remove_all(part);  // of a writer that died
    {
        const auto file = disk.create(part);
        file->append(header);
        file->append(builder.bytes());
        file->sync();
    }
    disk.rename(part, path);
    disk.sync_directory(folder.empty() ? "." : folder);
}

TiffUpdate::TiffUpdate(RandomFile file, FileOps& disk)
    : file_{std::move(file)}, disk_{disk}, reader_{file_}, directory_{reader_.find_image()} {}

Extent TiffUpdate::append(BytesView tile) {
    const auto& flavour = reader_.flavour();
    const auto places = directory_.find(Tag::tile_offsets)->count;
    const auto directory_bytes = 2 * places * flavour.offset_size() +
                                 directory_.entries.size() * flavour.entry_size() +
                                 64;  // its other fields, and gaps
    require_room(file_.size() + tile.size() + directory_bytes);
    return {append_at(2, tile), tile.size()};
}

void TiffUpdate::require_room(std::uint64_t end) const {
    if (!reader_.flavour().is_big_tiff && end > max_classic_size) {
        throw Error{Errc::too_large,
                    fmt::format("{} would pass 4 GiB: write it anew", file_.path())};
    }
}

std::uint64_t TiffUpdate::append_at(std::uint64_t alignment, BytesView bytes) {
    const auto position = aligned(file_.size(), alignment);
    require_room(position + bytes.size());
    file_.write(position, bytes);
    return position;
}

void TiffUpdate::publish(const std::map<std::uint64_t, Extent>& changes) {
    const auto& flavour = reader_.flavour();
    auto offsets = reader_.numbers(*directory_.find(Tag::tile_offsets));
    auto sizes = reader_.numbers(*directory_.find(Tag::tile_byte_counts));
    for (const auto& [index, extent] : changes) {
        offsets.at(index) = extent.offset;
        sizes.at(index) = extent.size;
    }
    DirectoryBuilder builder{flavour, aligned(file_.size(), 8)};
    for (const auto& entry : directory_.entries) {
        if (entry.tag == Tag::tile_offsets) {
            builder.add_numbers(entry.tag, flavour.offset_type(), offsets);
        } else if (entry.tag == Tag::tile_byte_counts) {
            builder.add_numbers(entry.tag, flavour.offset_type(), sizes);
        } else {
            builder.keep(entry);
        }
    }
    const auto position = builder.finish(directory_.next);
    append_at(8, builder.bytes());
    disk_.sync_file(file_.path());
    Bytes link;
    flavour.append(link, position, flavour.offset_size());
    file_.write(directory_.link, link);
    disk_.sync_file(file_.path());
    directory_.position = position;
}

}  // namespace offgrid::tiff
