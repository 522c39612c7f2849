#include "formats/base/descriptor_limit.h"

#include <sys/resource.h>

#include <cerrno>

namespace offgrid {

void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
    }
}

bool is_out_of_descriptors(int error_number) {
    return error_number == EMFILE || error_number == ENFILE;
}

}  // namespace offgrid
