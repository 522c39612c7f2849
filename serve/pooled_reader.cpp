#include "serve/pooled_reader.h"

#include "formats/base/descriptor_limit.h"
#include "formats/base/error.h"
#include "formats/base/unique_fd.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace offgrid {
namespace {

/// Whether this process can open nothing now.
bool has_no_descriptors() {
    const UniqueFd any{::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return !any.is_open() && is_out_of_descriptors(errno);
}

}  // namespace

std::shared_ptr<ReaderPool> make_reader_pool(std::size_t capacity, sqlite::MbtilesPool& files) {
    return std::make_shared<ReaderPool>(
        std::max<std::size_t>(1, capacity / 2), [&files](const std::string& /*key*/) {
            return std::make_unique<ReaderPlace>(
                ReaderPlace{.place = files.reserve(sqlite::handle_timeout)});
        });
}

std::string reader_key(const std::string& what, const FileIdentity& identity) {
    return fmt::format("{}?{}-{}-{}-{}-{}", what, identity.device, identity.inode, identity.bytes,
                       identity.modified_ns, identity.changed_ns);
}

/// Libraries that open files do not all tell why they could not.
OpenReader PooledReader::open_making_room() const {
    try {
        return open_();
    } catch (const Error&) {
        if (!has_no_descriptors()) {
            throw;
        }
    }
    pool_->close_all_idle();
    try {
        return open_();
    } catch (const Error& error) {
        if (!has_no_descriptors()) {
            throw;
        }
        throw OutOfDescriptors{fmt::format("out of descriptors: {}", error.what())};
    }
}

template <typename Work>
auto PooledReader::with_reader(const Work& work) const {
    const auto lease = pool_->acquire(key_, sqlite::handle_timeout);
    if (!lease->reader.tiles) {
        lease->reader = open_making_room();
    }
    return work(*lease->reader.tiles);
}

PooledReader::PooledReader(std::string key, Open open, std::shared_ptr<ReaderPool> pool)
    : key_{std::move(key)},
      open_{std::move(open)},
      pool_{std::move(pool)},
      hold_{pool_->hold({key_})},
      info_{with_reader([](const TileReader& tiles) { return tiles.info(); })} {}

std::optional<Tile> PooledReader::get(const TileKey& key) const {
    if (!info_.grid->contains(key)) {
        return std::nullopt;
    }
    return with_reader([&](const TileReader& tiles) { return tiles.get(key); });
}

bool PooledReader::exists(const TileKey& key) const {
    return with_reader([&](const TileReader& tiles) { return tiles.exists(key); });
}

void PooledReader::scan(const TileRange& range, const Visitor& visit) const {
    with_reader([&](const TileReader& tiles) { tiles.scan(range, visit); });
}

void PooledReader::list(const TileRange& range, const SizeVisitor& visit) const {
    with_reader([&](const TileReader& tiles) { tiles.list(range, visit); });
}

}  // namespace offgrid
