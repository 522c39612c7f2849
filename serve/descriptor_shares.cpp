#include "serve/descriptor_shares.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace offgrid {

std::size_t connections_within(std::uint64_t descriptors, std::size_t wanted,
                               std::size_t max_open_files) {
    constexpr std::uint64_t others = 64;  // logs, sockets, events, folders that are looked at
    const auto taken = others + max_open_files;
    const auto left = descriptors > taken ? descriptors - taken : 0;
    const auto least = std::max<std::uint64_t>(1, descriptors / 4);
    return static_cast<std::size_t>(std::min<std::uint64_t>(std::max(left, least), wanted));
}

std::size_t files_for(unsigned threads, std::size_t wanted) {
    constexpr std::size_t opening = 8;
    return std::max(wanted, 2 * std::size_t{threads} + opening);
}

std::uint64_t descriptor_limit() {
    rlimit limit{};
    const bool is_known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_known ? limit.rlim_cur : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace offgrid
