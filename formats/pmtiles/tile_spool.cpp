#include "formats/pmtiles/tile_spool.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace offgrid::pmtiles {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t recent_contents = 4096;

UniqueFd create_nameless(const std::filesystem::path& beside) {
    auto name = beside.string() + ".spool.XXXXXX";
    UniqueFd fd{::mkostemp(name.data(), O_CLOEXEC)};
    if (!fd.is_open() || ::unlink(name.c_str()) != 0) {
        throw system_error(errno, fmt::format("cannot create {}", name));
    }
    return fd;
}

}  // namespace

TileSpool::TileSpool(const std::filesystem::path& beside)
    : beside_{beside}, fd_{create_nameless(beside)}, recent_(recent_contents) {
    unwritten_.reserve(buffer_bytes);
}

SpooledContent TileSpool::add(BytesView content) {
    SpooledContent added{.hash = fast_hash(content),
                         .offset = written_ + unwritten_.size(),
                         .length = static_cast<std::uint32_t>(content.size())};
    auto& recent = recent_[added.hash % recent_contents];
    if (recent.hash == added.hash && recent.length == added.length && has(recent, content)) {
        return recent;
    }
    if (unwritten_.size() + content.size() > buffer_bytes) {
        flush();
        added.offset = written_;
    }
    unwritten_.insert(unwritten_.end(), content.begin(), content.end());
    recent = added;
    return added;
}

void TileSpool::flush() {
    // A failure in the middle leaves bytes behind `written_`, where the next attempt writes again.
    std::size_t done = 0;
    while (done < unwritten_.size()) {
        const auto size = ::pwrite(fd_.get(), unwritten_.data() + done, unwritten_.size() - done,
                                   static_cast<off_t>(written_ + done));
        if (size < 0 && errno != EINTR) {
            throw system_error(errno, fmt::format("cannot keep tiles beside {}", beside_.string()));
        }
        done += size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    written_ += unwritten_.size();
    unwritten_.clear();
}

void TileSpool::read(std::uint64_t offset, std::size_t length, Bytes& bytes) const {
    bytes.resize(length);
    const auto on_disk = offset < written_ ? std::min<std::uint64_t>(length, written_ - offset) : 0;
    for (std::size_t done = 0; done < on_disk;) {
        const auto size = ::pread(fd_.get(), bytes.data() + done, on_disk - done,
                                  static_cast<off_t>(offset + done));
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            throw system_error(size < 0 ? errno : EIO,
                               fmt::format("cannot read tiles kept beside {}", beside_.string()));
        }
        done += static_cast<std::size_t>(size);
    }
    if (on_disk < length) {
        const auto from =
            unwritten_.begin() + static_cast<std::ptrdiff_t>(offset + on_disk - written_);
        std::copy_n(from, length - on_disk, bytes.begin() + static_cast<std::ptrdiff_t>(on_disk));
    }
}

bool TileSpool::are_equal(const SpooledContent& one, const SpooledContent& other) const {
    if (one.hash != other.hash || one.length != other.length) {
        return false;
    }
    if (one.offset == other.offset) {
        return true;
    }
    read(other.offset, other.length, other_);
    return has(one, other_);
}

bool TileSpool::has(const SpooledContent& content, BytesView bytes) const {
    read(content.offset, content.length, one_);
    return std::ranges::equal(one_, bytes);
}

}  // namespace offgrid::pmtiles
