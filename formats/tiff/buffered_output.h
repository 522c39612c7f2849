#pragma once

#include "formats/base/file_ops.h"

#include <cstddef>
#include <cstdint>

namespace offgrid::tiff {

/// A file that is written front to back in large pieces. Borrows the file; owned by one thread.
/// What is not flushed is lost.
class BufferedOutput {
public:
    explicit BufferedOutput(OutputFile& file) : file_{file} { buffer_.reserve(capacity); }
    BufferedOutput(const BufferedOutput&) = delete;
    BufferedOutput& operator=(const BufferedOutput&) = delete;

    std::uint64_t position() const { return written_ + buffer_.size(); }

    void append(BytesView bytes) {
        if (buffer_.size() + bytes.size() > capacity) {
            flush();
        }
        if (bytes.size() > capacity) {
            file_.append(bytes);
            written_ += bytes.size();
        } else {
            buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
        }
    }

    void append_zeros_up_to(std::uint64_t position_after) {
        append(Bytes(static_cast<std::size_t>(position_after - position())));
    }

    void flush() {
        file_.append(buffer_);
        written_ += buffer_.size();
        buffer_.clear();
    }

private:
    static constexpr std::size_t capacity = std::size_t{1} << 20;

    OutputFile& file_;
    Bytes buffer_;
    std::uint64_t written_ = 0;
};

}  // namespace offgrid::tiff
