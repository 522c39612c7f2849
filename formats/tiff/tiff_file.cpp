#include "formats/tiff/tiff_file.h"

#include "formats/base/error.h"

#include <algorithm>
#include <cassert>

namespace offgrid::tiff {
namespace {

constexpr std::uint64_t max_tile_size = 8192;
constexpr std::uint64_t max_tables_bytes = 1U << 16;

std::chrono::system_clock::time_point time_of(const timespec& time) {
    return std::chrono::system_clock::time_point{
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec})};
}

}  // namespace

std::unique_ptr<const TiffFile> TiffFile::open(const std::string& path) {
    auto file = RandomFile::open(path, RandomFile::Access::read);
    return file ? std::make_unique<const TiffFile>(std::move(*file)) : nullptr;
}

TiffFile::TiffFile(RandomFile file)
    : file_{std::move(file)}, reader_{file_}, directory_{reader_.find_image()} {
    read_layout();
    if (const auto* const tables = directory_.find(Tag::jpeg_tables)) {
        if (tables->count > max_tables_bytes) {
            throw Error{Errc::corrupt,
                        fmt::format("{} has JPEGTables of {} bytes", file_.path(), tables->count)};
        }
        tables_ = reader_.values(*tables);
    }
    const auto* const tie_point = directory_.find(Tag::model_tie_point);
    if (tie_point != nullptr && tie_point->count >= 6 && tie_point->count <= 6000) {
        const auto tie = reader_.reals(*tie_point);
        if (tie[0] == 0 && tie[1] == 0) {
            north_ = tie[4];
        }
    }
}

std::uint64_t TiffFile::number(Tag tag, std::optional<std::uint64_t> missing) const {
    const auto* const entry = directory_.find(tag);
    if (entry != nullptr && entry->count > 0) {
        return reader_.number(*entry, 0);
    }
    if (missing) {
        return *missing;
    }
    throw Error{Errc::corrupt,
                fmt::format("{} has no tag {}", file_.path(), static_cast<int>(tag))};
}

void TiffFile::read_layout() {
    const auto refuse = [&](const std::string& what) {
        throw Error{Errc::unsupported,
                    fmt::format("{} is no cache of JPEG tiles: {}", file_.path(), what)};
    };
    if (const auto kind = number(Tag::compression, 1); kind != jpeg_compression) {
        refuse(fmt::format("its compression is {}, not 7 (JPEG)", kind));
    }
    if (directory_.find(Tag::tile_width) == nullptr) {
        refuse("it is not tiled");
    }
    layout_.tile_size = number(Tag::tile_width);
    if (const auto height = number(Tag::tile_height);
        height != layout_.tile_size || height == 0 || height > max_tile_size) {
        refuse(fmt::format("its tiles are {} by {} pixels", layout_.tile_size, height));
    }
    layout_.samples = number(Tag::samples_per_pixel, 1);
    if (layout_.samples != 1 && layout_.samples != 3) {
        refuse(fmt::format("it has {} samples a pixel", layout_.samples));
    }
    if (const auto* const bits = directory_.find(Tag::bits_per_sample); bits != nullptr) {
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(bits->count, layout_.samples); ++i) {
            if (const auto n = reader_.number(*bits, i); n != 8) {
                refuse(fmt::format("it has {} bits a sample", n));
            }
        }
    } else {
        refuse("it has 1 bit a sample");
    }
    if (layout_.samples > 1 && number(Tag::planar_configuration, contiguous) != contiguous) {
        refuse("its samples are in separate planes");
    }
    const auto width = number(Tag::image_width);
    const auto height = number(Tag::image_height);
    constexpr std::uint64_t max_pixels = 1U << 31;
    if (width == 0 || height == 0 || width > max_pixels || height > max_pixels) {
        throw Error{Errc::corrupt,
                    fmt::format("{} is {} by {} pixels", file_.path(), width, height)};
    }
    layout_.across = (width + layout_.tile_size - 1) / layout_.tile_size;
    layout_.down = (height + layout_.tile_size - 1) / layout_.tile_size;
    check_sampling();
    const auto* const offsets = directory_.find(Tag::tile_offsets);
    const auto* const sizes = directory_.find(Tag::tile_byte_counts);
    const auto tiles = layout_.across * layout_.down;
    if (offsets == nullptr || sizes == nullptr || offsets->count < tiles || sizes->count < tiles) {
        throw Error{Errc::corrupt,
                    fmt::format("{} does not say where its {} tiles are", file_.path(), tiles)};
    }
    offsets_ = *offsets;
    sizes_ = *sizes;
}

void TiffFile::check_sampling() {
    layout_.photometric = number(Tag::photometric);
    const bool is_known = layout_.samples == 1 ? layout_.photometric == photometric_grey
                                               : layout_.photometric == photometric_rgb ||
                                                     layout_.photometric == photometric_ycbcr;
    if (!is_known) {
        throw Error{Errc::unsupported,
                    fmt::format("{} is no cache of JPEG tiles: its {} samples a pixel are of "
                                "photometric interpretation {}",
                                file_.path(), layout_.samples, layout_.photometric)};
    }
    if (layout_.photometric == photometric_ycbcr) {
        layout_.chroma_width_factor = 2;  // the default of TIFF 6.0
        layout_.chroma_height_factor = 2;
        const auto* const entry = directory_.find(Tag::ycbcr_subsampling);
        if (entry != nullptr && entry->count == 2) {
            layout_.chroma_width_factor = static_cast<int>(reader_.number(*entry, 0) & 15);
            layout_.chroma_height_factor = static_cast<int>(reader_.number(*entry, 1) & 15);
        }
    }
}

std::chrono::system_clock::time_point TiffFile::modified() const {
    return time_of(file_.status().st_mtim);
}

std::optional<Extent> TiffFile::find(std::uint64_t index) const {
    assert(index < layout_.across * layout_.down);
    const Extent extent{reader_.number(offsets_, index), reader_.number(sizes_, index)};
    if (extent.offset == 0 || extent.size < 2) {  // what MapCache takes for absent
        return std::nullopt;
    }
    if (extent.size > file_.size() || extent.offset > file_.size() - extent.size) {
        throw Error{Errc::corrupt, fmt::format("{} ends early: tile {} is at {} with {} bytes",
                                               file_.path(), index, extent.offset, extent.size)};
    }
    if (extent.size > max_tile_bytes) {
        throw Error{Errc::corrupt,
                    fmt::format("{}: tile {} has {} bytes", file_.path(), index, extent.size)};
    }
    return extent;
}

Bytes TiffFile::read(const Extent& extent) const {
    Bytes tile(extent.size);
    file_.read(extent.offset, tile);
    return tile;
}

bool TiffFile::is_current() const {
    struct stat now {};
    const auto& then = file_.status();
    if (::stat(file_.path().c_str(), &now) != 0 || now.st_dev != then.st_dev ||
        now.st_ino != then.st_ino || now.st_size != then.st_size ||
        now.st_mtim.tv_sec != then.st_mtim.tv_sec || now.st_mtim.tv_nsec != then.st_mtim.tv_nsec) {
        return false;
    }
    // A writer links its directory after the file has grown, perhaps within one tick of the clock.
    std::array<std::uint8_t, 8> bytes{};
    const auto link = std::span{bytes}.first(reader_.flavour().offset_size());
    file_.read(directory_.link, link);
    return reader_.flavour().number(link) == directory_.position;
}

// --- TiffFileCache

std::shared_ptr<const TiffFile> TiffFileCache::find(const std::string& path) {
    const std::lock_guard lock{mutex_};
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) {
        return nullptr;
    }
    places_.splice(places_.begin(), places_, found->second);
    return found->second->file;
}

void TiffFileCache::keep(const std::string& path, std::shared_ptr<const TiffFile> file) {
    Places closing;  // closed after the lock is gone
    const std::lock_guard lock{mutex_};
    if (const auto found = by_path_.find(path); found != by_path_.end()) {
        closing.splice(closing.begin(), places_, found->second);
        by_path_.erase(found);
    }
    if (file == nullptr) {
        return;
    }
    if (places_.size() == capacity_) {
        by_path_.erase(places_.back().path);
        closing.splice(closing.begin(), places_, std::prev(places_.end()));
    }
    places_.push_front({path, std::move(file)});
    by_path_[path] = places_.begin();
}

std::shared_ptr<const TiffFile> TiffFileCache::acquire(const std::string& path) {
    if (auto file = find(path); file != nullptr && file->is_current()) {
        return file;
    }
    std::shared_ptr<const TiffFile> file = TiffFile::open(path);
    keep(path, file);
    return file;
}

}  // namespace offgrid::tiff
