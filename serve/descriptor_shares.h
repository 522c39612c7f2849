#pragma once

#include <cstddef>
#include <cstdint>

namespace offgrid {

/// How many clients may be connected at a time, of those that are wanted, so that they never take
/// the descriptors that tile files, and the looks for what is served, need: what the process may
/// have less the tile files and 64. Where that is less than a quarter of all, a quarter: who finds
/// no descriptor for a file then is told to try again, which beats not being let in.
std::size_t connections_within(std::uint64_t descriptors, std::size_t wanted,
                               std::size_t max_open_files);

/// How many tile files may be open at a time, of those that are wanted. Each of the threads uses
/// one at a time, and half of all places may be taken by files that are no MBTiles: so at least
/// two for each of them, and some for stores that are opened meanwhile.
std::size_t files_for(unsigned threads, std::size_t wanted);

/// How many descriptors this process may have open.
std::uint64_t descriptor_limit();

}  // namespace offgrid
