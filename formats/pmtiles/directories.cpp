#include "formats/pmtiles/directories.h"

#include "formats/pmtiles/compression.h"
#include "formats/pmtiles/header.h"

#include <algorithm>
#include <utility>

namespace offgrid::pmtiles {
namespace {

/// Less than the first request holds, not as much.
constexpr std::size_t max_root_bytes = first_request_bytes - header_bytes - 1;

/// Where every entry takes a byte, which no gzip stream of a directory goes below.
constexpr std::uint64_t max_root_entries = max_root_bytes;

constexpr std::uint64_t min_leaf_entries = 4096;

/// About as many leaves as a root has room for.
constexpr std::uint64_t usual_leaves = 3500;

/// Takes entries and makes leaves of them.
class LeafMaker {
public:
    explicit LeafMaker(std::size_t entries_a_leaf) : entries_a_leaf_{entries_a_leaf} {
        leaf_.reserve(entries_a_leaf);
    }

    void add(const Entry& entry) {
        leaf_.push_back(entry);
        if (leaf_.size() == entries_a_leaf_) {
            finish_leaf();
        }
    }

    Directories finish() {
        if (!leaf_.empty()) {
            finish_leaf();
        }
        return {.root = gzipped(to_bytes(root_)), .leaves = std::move(leaves_)};
    }

private:
    void finish_leaf() {
        const auto bytes = gzipped(to_bytes(leaf_));
        root_.push_back({.tile_id = leaf_.front().tile_id,
                         .offset = leaves_.size(),
                         .length = static_cast<std::uint32_t>(bytes.size())});
        leaves_.insert(leaves_.end(), bytes.begin(), bytes.end());
        leaf_.clear();
    }

    const std::size_t entries_a_leaf_;
    Directory leaf_;
    Directory root_;
    Bytes leaves_;
};

}  // namespace

Directories make_directories(const EntrySource& entries, std::uint64_t count) {
    if (count <= max_root_entries) {
        Directory all;
        entries([&](const Entry& entry) { all.push_back(entry); });
        auto root = gzipped(to_bytes(all));
        if (root.size() <= max_root_bytes) {
            return {.root = std::move(root)};
        }
    }
    for (auto size = std::max(min_leaf_entries, count / usual_leaves);; size += size / 5) {
        LeafMaker leaves{static_cast<std::size_t>(size)};
        entries([&](const Entry& entry) { leaves.add(entry); });
        auto made = leaves.finish();
        if (made.root.size() <= max_root_bytes) {
            return made;
        }
    }
}

}  // namespace offgrid::pmtiles
