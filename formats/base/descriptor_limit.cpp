#include "formats/base/descriptor_limit.h"

#include <sys/resource.h>

namespace offgrid {

void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
    }
}

}  // namespace offgrid
