#include "sync/bounded_input.h"

#include <algorithm>

namespace offgrid {

std::streambuf::int_type BoundedInput::underflow() {
    if (has_ended_ || is_exceeded_) {
        return std::streambuf::traits_type::eof();
    }
    source_.read(piece_.data(), static_cast<std::streamsize>(piece_.size()));
    const auto size = static_cast<std::size_t>(source_.gcount());
    taken_ += size;
    has_ended_ = size < piece_.size();
    is_exceeded_ = size > left_;
    const auto usable = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
    left_ -= usable;
    if (usable == 0) {
        return std::streambuf::traits_type::eof();
    }
    setg(piece_.data(), piece_.data(), piece_.data() + usable);
    return std::streambuf::traits_type::to_int_type(piece_.front());
}

}  // namespace offgrid
