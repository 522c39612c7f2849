#pragma once

#include "formats/base/bytes.h"
#include "formats/base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace offgrid::pmtiles {

/// Content in a TileSpool. A value.
struct SpooledContent {
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
};

/// Contents of tiles on disk until a file is made of them, in a scratch file without a name, which
/// is gone with the object or its process. Keeps 1 MiB that is not written yet, and where some
/// thousand contents are that came last. Owned by one thread.
class TileSpool {
public:
    /// The scratch file is in the folder of `beside`. Throws what creating it meets.
    explicit TileSpool(const std::filesystem::path& beside);

    /// Add a content; one that came lately is found and not written again. Throws `no_space` and
    /// others: the content is then not there.
    SpooledContent add(BytesView content);

    /// Read what was added, in place of what `bytes` had; contents one behind the other together.
    void read(std::uint64_t offset, std::size_t length, Bytes& bytes) const;

    bool are_equal(const SpooledContent& one, const SpooledContent& other) const;

private:
    bool has(const SpooledContent& content, BytesView bytes) const;
    void flush();

    std::filesystem::path beside_;
    UniqueFd fd_;
    Bytes unwritten_;
    std::uint64_t written_ = 0;           // bytes in the file
    std::vector<SpooledContent> recent_;  // by the low bits of their hash
    mutable Bytes one_;                   // that is compared, kept for its memory
    mutable Bytes other_;
};

}  // namespace offgrid::pmtiles
