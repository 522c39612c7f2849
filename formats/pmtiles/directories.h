#pragma once

#include "formats/base/bytes.h"
#include "formats/pmtiles/directory.h"

#include <cstdint>
#include <functional>

namespace offgrid::pmtiles {

/// The directories of a new file, compressed with gzip as they stand there. A value.
struct Directories {
    Bytes root{};
    Bytes leaves{};  ///< one behind the other; empty where the root has all entries
};

/// Calls its argument with each entry, in the order of their ids; may be asked again.
using EntrySource = std::function<void(const std::function<void(const Entry& entry)>& visit)>;

/// Divide the entries so that the root fits into a client's first request: all in the root, else
/// leaf directories of 4096 entries or, where the root had too many of these, more. Keeps the
/// compressed leaves in memory, about 3 bytes an entry. REQUIRES: count entries, more than none.
Directories make_directories(const EntrySource& entries, std::uint64_t count);

}  // namespace offgrid::pmtiles
