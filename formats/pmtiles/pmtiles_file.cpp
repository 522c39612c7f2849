#include "formats/pmtiles/pmtiles_file.h"

#include "formats/base/error.h"
#include "formats/pmtiles/hilbert.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <memory>

namespace offgrid::pmtiles {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t leaf_cache_bytes = std::size_t{8} << 20;
constexpr std::size_t max_metadata_bytes = std::size_t{16} << 20;
constexpr std::size_t max_tile_bytes = std::size_t{64} << 20;
constexpr int max_leaf_depth = 4;  // known writers make one level

UniqueFd open_or_throw(const fs::path& path) {
    // Without O_NONBLOCK a pipe of that name would be waited for.
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!fd.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    return fd;
}

std::uint64_t size_of(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        throw system_error(errno, "cannot be looked at");
    }
    if (!S_ISREG(info.st_mode)) {
        throw Error{Errc::invalid_argument, "is not a regular file"};
    }
    return static_cast<std::uint64_t>(info.st_size);
}

/// What a directory has from an entry on belongs to it up to here.
std::uint64_t end_of(const Directory& directory, const Entry& entry, std::uint64_t end_id) {
    const auto* const next = &entry + 1;
    return next == directory.data() + directory.size() ? end_id : next->tile_id;
}

void check_depth(int depth) {
    if (depth > max_leaf_depth) {
        throw Error{Errc::corrupt,
                    fmt::format("has more than {} directories below each other", max_leaf_depth)};
    }
}

}  // namespace

template <typename Work>
auto PmtilesFile::in_file(const Work& work) const {
    try {
        return work();
    } catch (const Error& error) {
        rethrow_with(error, "{}", path_.string());
    }
}

PmtilesFile::PmtilesFile(const fs::path& path)
    : path_{path}, fd_{open_or_throw(path)}, leaves_{leaf_cache_bytes} {
    in_file([&] {
        const auto size = size_of(fd_.get());
        if (size < header_bytes) {
            throw Error{Errc::corrupt, "is no PMTiles file"};
        }
        header_ = parse_header(read_section({0, header_bytes}), size);
        if (header_.root.length > max_directory_bytes) {
            throw Error{Errc::too_large,
                        fmt::format("has a root directory of {} bytes", header_.root.length)};
        }
        root_ = read_directory(header_.root, 0, end_of_ids);
    });
}

Bytes PmtilesFile::metadata() const {
    return in_file([&] {
        if (header_.metadata.length == 0) {
            return Bytes{};
        }
        if (header_.metadata.length > max_metadata_bytes) {
            throw Error{Errc::too_large,
                        fmt::format("has metadata of {} bytes", header_.metadata.length)};
        }
        try {
            return decompressed(header_.internal_compression, read_section(header_.metadata),
                                max_metadata_bytes);
        } catch (const Error& error) {
            rethrow_with(error, "its metadata");
        }
    });
}

std::optional<Entry> PmtilesFile::find(std::uint64_t tile_id) const {
    return in_file([&] { return find_in(root_, tile_id, end_of_ids, 1); });
}

std::optional<Entry> PmtilesFile::next(std::uint64_t tile_id) const {
    return in_file([&] { return next_in(root_, tile_id, end_of_ids, 1); });
}

std::uint64_t PmtilesFile::first_id() const {
    return next(0)->tile_id;  // no directory is empty
}

std::uint64_t PmtilesFile::last_id() const {
    return in_file([&] {
        const auto* last = &root_.back();
        LeafCache::Leaf owner;
        for (int depth = 1; last->is_leaf(); ++depth) {
            check_depth(depth);
            owner = leaf(*last, end_of_ids);  // as the last it ends where all ids do
            last = &owner->back();
        }
        return last->end_id() - 1;
    });
}

void PmtilesFile::read(const Entry& run, Bytes& content) const {
    in_file([&] {
        if (run.length > max_tile_bytes) {
            throw Error{Errc::too_large, fmt::format("has a tile of {} bytes", run.length)};
        }
        content.resize(run.length);
        read_at(header_.tiles.offset + run.offset, content);
    });
}

Bytes PmtilesFile::read_section(const Section& section) const {
    Bytes content(static_cast<std::size_t>(section.length));
    read_at(section.offset, content);
    return content;
}

/// REQUIRES: it was within the file when that was opened.
void PmtilesFile::read_at(std::uint64_t offset, Bytes& content) const {
    for (std::size_t done = 0; done < content.size();) {
        const auto size = ::pread(fd_.get(), content.data() + done, content.size() - done,
                                  static_cast<off_t>(offset + done));
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            throw system_error(errno, "cannot be read");
        }
        if (size == 0) {
            throw Error{Errc::corrupt, "has become shorter"};
        }
        done += static_cast<std::size_t>(size);
    }
}

Directory PmtilesFile::read_directory(const Section& section, std::uint64_t first_id,
                                      std::uint64_t end_id) const {
    const auto stream = read_section(section);
    const auto plain = [&] {
        try {
            return decompressed(header_.internal_compression, stream, max_directory_bytes);
        } catch (const Error& error) {
            rethrow_with(error, "a directory");
        }
    }();
    return parse_directory(plain, {.first_id = first_id,
                                   .end_id = end_id,
                                   .tile_bytes = header_.tiles.length,
                                   .leaf_bytes = header_.leaves.length});
}

LeafCache::Leaf PmtilesFile::leaf(const Entry& entry, std::uint64_t end_id) const {
    const LeafCache::Key key{entry.offset, entry.length, entry.tile_id, end_id};
    if (auto kept = leaves_.find(key)) {
        return kept;
    }
    if (entry.length > max_directory_bytes) {
        throw Error{Errc::too_large, fmt::format("has a directory of {} bytes", entry.length)};
    }
    auto leaf = std::make_shared<const Directory>(read_directory(
        {header_.leaves.offset + entry.offset, entry.length}, entry.tile_id, end_id));
    leaves_.add(key, leaf);
    return leaf;
}

std::optional<Entry> PmtilesFile::find_in(const Directory& directory, std::uint64_t tile_id,
                                          std::uint64_t end_id, int depth) const {
    const auto* const entry = last_up_to(directory, tile_id);
    if (entry == nullptr) {
        return std::nullopt;
    }
    if (!entry->is_leaf()) {
        return tile_id < entry->end_id() ? std::optional{*entry} : std::nullopt;
    }
    check_depth(depth);
    const auto end = end_of(directory, *entry, end_id);
    return find_in(*leaf(*entry, end), tile_id, end, depth + 1);
}

std::optional<Entry> PmtilesFile::next_in(const Directory& directory, std::uint64_t tile_id,
                                          std::uint64_t end_id, int depth) const {
    const auto* entry = last_up_to(directory, tile_id);
    for (entry = entry == nullptr ? directory.data() : entry;
         entry != directory.data() + directory.size(); ++entry) {
        if (entry->is_leaf()) {
            check_depth(depth);
            const auto end = end_of(directory, *entry, end_id);
            if (const auto found = next_in(*leaf(*entry, end), tile_id, end, depth + 1)) {
                return found;
            }
        } else if (tile_id < entry->end_id()) {
            auto rest = *entry;
            const auto passed = tile_id > rest.tile_id ? tile_id - rest.tile_id : 0;
            rest.tile_id += passed;
            rest.run_length -= static_cast<std::uint32_t>(passed);
            return rest;
        }
    }
    return std::nullopt;
}

}  // namespace offgrid::pmtiles
