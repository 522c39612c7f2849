#include "sync/sparing_file_ops.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t look_every = 1 << 20;

/// Take a step on our own disk.
template <typename Step>
auto as_ours(const Step& step) {
    try {
        return step();
    } catch (const Error& error) {
        if (error.code() == Errc::no_space || error.code() == Errc::interrupted) {
            throw;
        }
        throw Error{Errc::io, error.what()};
    }
}

class SparingOutputFile final : public OutputFile {
public:
    SparingOutputFile(std::unique_ptr<OutputFile> file, SparingFileOps& files, fs::path folder)
        : file_{std::move(file)}, files_{files}, folder_{std::move(folder)} {}

    void append(BytesView piece) override {
        if (piece.size() > checked_bytes_) {
            checked_bytes_ = piece.size() + look_every;
            files_.check_room(folder_, checked_bytes_);
        }
        checked_bytes_ -= piece.size();
        as_ours([&] { file_->append(piece); });
    }

    void sync() override {
        as_ours([&] { file_->sync(); });
    }

private:
    std::unique_ptr<OutputFile> file_;
    SparingFileOps& files_;
    fs::path folder_;
    std::uint64_t checked_bytes_ = 0;  // that may be written before the next look
};

}  // namespace

void SparingFileOps::check_room(const fs::path& folder, std::uint64_t bytes) {
    const auto free = as_ours([&] { return free_bytes(folder); });
    if (free < min_free_bytes_ || free - min_free_bytes_ < bytes) {
        throw Error{Errc::no_space,
                    fmt::format("no room for {} bytes on the disk of {}", bytes, folder.string())};
    }
}

void SparingFileOps::create_directories(const fs::path& path) {
    as_ours([&] { ForwardingFileOps::create_directories(path); });
}

void SparingFileOps::create_scratch_directories(const fs::path& path) {
    as_ours([&] { ForwardingFileOps::create_scratch_directories(path); });
}

std::unique_ptr<OutputFile> SparingFileOps::create(const fs::path& path) {
    return as_ours([&] { return ForwardingFileOps::create(path); });
}

void SparingFileOps::copy_file(const fs::path& from, const fs::path& to) {
    check_room(to.parent_path(), fs::file_size(from));
    as_ours([&] { ForwardingFileOps::copy_file(from, to); });
}

std::unique_ptr<OutputFile> SparingFileOps::wrap(std::unique_ptr<OutputFile> file,
                                                 const fs::path& path) {
    return std::make_unique<SparingOutputFile>(std::move(file), *this, path.parent_path());
}

}  // namespace offgrid
