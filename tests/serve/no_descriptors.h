#pragma once

#include "formats/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace offgrid::test {

/// While it lives, this process can open nothing more; what is open stays so.
class NoDescriptors {
public:
    NoDescriptors() {
        EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
        const UniqueFd lowest{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        const rlimit none{static_cast<rlim_t>(lowest.get()), before_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

}  // namespace offgrid::test
