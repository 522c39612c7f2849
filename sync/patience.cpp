#include "sync/patience.h"

namespace offgrid {

void Patience::note_bytes(std::uint64_t bytes) {
    if (bytes_per_second_ == 0) {
        return;
    }
    const std::chrono::duration<double> earned{static_cast<double>(bytes) /
                                               static_cast<double>(bytes_per_second_)};
    left_ = earned >= most_ - left_ ? most_ : left_ + std::chrono::duration_cast<Duration>(earned);
}

}  // namespace offgrid
