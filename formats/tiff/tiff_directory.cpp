#include "formats/tiff/tiff_directory.h"

#include "formats/base/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace offgrid::tiff {
namespace {

/// More than any program writes: an image with its overviews and masks, each with some tags.
constexpr int max_directories = 100;
constexpr std::uint64_t max_entries = 1000;

bool is_inline(const Flavour& flavour, const Entry& entry) {
    const auto size = size_of(entry.type);
    return size > 0 && entry.count <= flavour.offset_size() / size;
}

}  // namespace

// --- RandomFile

std::optional<RandomFile> RandomFile::open(const std::string& path, Access access) {
    const int mode = access == Access::read ? O_RDONLY : O_RDWR;
    UniqueFd fd{::open(path.c_str(), mode | O_CLOEXEC | O_NONBLOCK)};
    struct stat status {};
    if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return std::nullopt;
        }
        throw system_error(errno, fmt::format("cannot open {}", path));
    }
    if (!S_ISREG(status.st_mode)) {
        throw Error{Errc::io, fmt::format("cannot open {}: not a regular file", path)};
    }
    return RandomFile{path, std::move(fd), status};
}

RandomFile::RandomFile(std::string path, UniqueFd fd, const struct stat& status)
    : path_{std::move(path)},
      fd_{std::move(fd)},
      status_{status},
      size_{static_cast<std::uint64_t>(status.st_size)} {}

void RandomFile::read(std::uint64_t position, std::span<std::uint8_t> bytes) const {
    if (bytes.size() > size_ || position > size_ - bytes.size()) {
        throw Error{Errc::corrupt, fmt::format("{} ends early: nothing at {}", path_, position)};
    }
    while (!bytes.empty()) {
        const auto got =
            ::pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw system_error(errno, fmt::format("cannot read {}", path_));
        }
        if (got == 0) {
            throw Error{Errc::corrupt, fmt::format("{} became shorter", path_)};
        }
        position += static_cast<std::uint64_t>(got);
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

void RandomFile::write(std::uint64_t position, BytesView bytes) {
    while (!bytes.empty()) {
        const auto done =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            throw system_error(errno, fmt::format("cannot write {}", path_));
        }
        position += static_cast<std::uint64_t>(done);
        bytes = bytes.subspan(static_cast<std::size_t>(done));
        size_ = std::max(size_, position);
    }
}

// --- Directory

const Entry* Directory::find(Tag tag) const {
    const auto found = std::ranges::find(entries, tag, &Entry::tag);
    return found == entries.end() ? nullptr : &*found;
}

// --- DirectoryReader

DirectoryReader::DirectoryReader(const RandomFile& file) : file_{file} {
    std::array<std::uint8_t, 8> header{};
    if (file.size() >= header.size()) {
        file.read(0, header);
    }
    flavour_.is_big_endian = header[0] == 'M';
    const auto version = flavour_.number(BytesView{header}.subspan(2, 2));
    flavour_.is_big_tiff = version == 43;
    const bool has_mark = (header[0] == 'I' || header[0] == 'M') && header[0] == header[1];
    const bool has_offsets_of_eight =
        flavour_.number(BytesView{header}.subspan(4, 2)) == 8 && header[6] == 0 && header[7] == 0;
    if (!has_mark || (version != 42 && !(flavour_.is_big_tiff && has_offsets_of_eight))) {
        throw Error{Errc::corrupt, fmt::format("{} is no TIFF file", file.path())};
    }
}

Directory DirectoryReader::find_image() const {
    auto link = flavour_.first_link();
    for (int i = 0; i < max_directories; ++i) {
        auto directory = read_directory(link);
        if (directory.position == 0) {
            throw Error{Errc::corrupt, fmt::format("{} has no image", file_.path())};
        }
        if (!is_reduced(directory) && !is_mask(directory)) {
            return directory;
        }
        link = link_after(directory);
    }
    throw Error{Errc::corrupt, fmt::format("{} has too many directories", file_.path())};
}

std::vector<Directory> DirectoryReader::directories() const {
    std::vector<Directory> directories;
    auto link = flavour_.first_link();
    for (int i = 0; i < max_directories; ++i) {
        auto directory = read_directory(link);
        if (directory.position == 0) {
            return directories;
        }
        link = link_after(directory);
        directories.push_back(std::move(directory));
    }
    throw Error{Errc::corrupt, fmt::format("{} has too many directories", file_.path())};
}

std::uint64_t DirectoryReader::link_after(const Directory& directory) const {
    return directory.position + flavour_.entry_count_size() +
           directory.entries.size() * flavour_.entry_size();
}

bool DirectoryReader::is_mask(const Directory& directory) const {
    return (kinds_of(directory) & mask_image) != 0;
}

bool DirectoryReader::is_reduced(const Directory& directory) const {
    return (kinds_of(directory) & reduced_image) != 0;
}

std::uint64_t DirectoryReader::kinds_of(const Directory& directory) const {
    const auto* const kinds = directory.find(Tag::new_subfile_type);
    return kinds != nullptr && kinds->count > 0 ? number(*kinds, 0) : 0;
}

/// Position 0 when the link leads to none.
Directory DirectoryReader::read_directory(std::uint64_t link) const {
    std::array<std::uint8_t, 8> bytes{};
    const auto read_number = [&](std::uint64_t position, std::size_t size) {
        const auto field = std::span{bytes}.first(size);
        file_.read(position, field);
        return flavour_.number(field);
    };
    Directory directory;
    directory.link = link;
    directory.position = read_number(link, flavour_.offset_size());
    if (directory.position == 0) {
        return directory;
    }
    const auto count = read_number(directory.position, flavour_.entry_count_size());
    if (count == 0 || count > max_entries) {
        throw Error{Errc::corrupt,
                    fmt::format("{} has a directory of {} entries", file_.path(), count)};
    }
    Bytes block(count * flavour_.entry_size() + flavour_.offset_size());
    file_.read(directory.position + flavour_.entry_count_size(), block);
    BytesView rest{block};
    const auto take = [&](std::size_t size) {
        const auto field = rest.first(size);
        rest = rest.subspan(size);
        return field;
    };
    directory.entries.resize(count);
    for (auto& entry : directory.entries) {
        entry.tag = static_cast<Tag>(flavour_.number(take(2)));
        entry.type = static_cast<Type>(flavour_.number(take(2)));
        entry.count = flavour_.number(take(flavour_.offset_size()));
        std::ranges::copy(take(flavour_.offset_size()), entry.field.begin());
    }
    directory.next = flavour_.number(rest);
    return directory;
}

std::uint64_t DirectoryReader::position_of(const Entry& entry) const {
    return flavour_.number(BytesView{entry.field}.first(flavour_.offset_size()));
}

std::size_t DirectoryReader::number_size(const Entry& entry) const {
    switch (entry.type) {
        case Type::byte:
        case Type::u16:
        case Type::u32:
        case Type::u64:
            return size_of(entry.type);
        case Type::ascii:
        case Type::rational:
        case Type::undefined:
        case Type::f64:
            break;
    }
    throw Error{Errc::corrupt,
                fmt::format("{}: tag {} is no number", file_.path(), static_cast<int>(entry.tag))};
}

std::uint64_t DirectoryReader::number(const Entry& entry, std::uint64_t index) const {
    const auto size = number_size(entry);
    if (is_inline(flavour_, entry)) {
        return flavour_.number(BytesView{entry.field}.subspan(index * size, size));
    }
    const auto first = position_of(entry);
    if (first > file_.size() || index > file_.size() / size) {
        throw Error{Errc::corrupt, fmt::format("{} ends early: no values of tag {}", file_.path(),
                                               static_cast<int>(entry.tag))};
    }
    std::array<std::uint8_t, 8> bytes{};
    const auto field = std::span{bytes}.first(size);
    file_.read(first + index * size, field);
    return flavour_.number(field);
}

Bytes DirectoryReader::values(const Entry& entry) const {
    const auto size = size_of(entry.type);
    if (size == 0 || entry.count > file_.size() / size) {
        throw Error{Errc::corrupt, fmt::format("{} ends early: no values of tag {}", file_.path(),
                                               static_cast<int>(entry.tag))};
    }
    const auto length = static_cast<std::size_t>(entry.count) * size;
    if (is_inline(flavour_, entry)) {
        return {entry.field.begin(), entry.field.begin() + static_cast<std::ptrdiff_t>(length)};
    }
    const auto position = position_of(entry);
    if (length > file_.size() || position > file_.size() - length) {  // ahead of the allocation
        throw Error{Errc::corrupt, fmt::format("{} ends early: no values of tag {}", file_.path(),
                                               static_cast<int>(entry.tag))};
    }
    Bytes bytes(length);
    file_.read(position, bytes);
    return bytes;
}

std::vector<std::uint64_t> DirectoryReader::numbers(const Entry& entry) const {
    const auto size = number_size(entry);
    const auto bytes = values(entry);
    std::vector<std::uint64_t> numbers(entry.count);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = flavour_.number(BytesView{bytes}.subspan(i * size, size));
    }
    return numbers;
}

std::vector<double> DirectoryReader::reals(const Entry& entry) const {
    if (entry.type != Type::f64) {
        throw Error{Errc::corrupt, fmt::format("{}: tag {} is no real number", file_.path(),
                                               static_cast<int>(entry.tag))};
    }
    const auto bytes = values(entry);
    std::vector<double> reals(entry.count);
    for (std::size_t i = 0; i < reals.size(); ++i) {
        reals[i] = std::bit_cast<double>(flavour_.number(BytesView{bytes}.subspan(i * 8, 8)));
    }
    return reals;
}

}  // namespace offgrid::tiff
