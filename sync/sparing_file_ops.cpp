#include "sync/sparing_file_ops.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t look_every = 1 << 20;

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
        file_->append(piece);
    }

    void sync() override { file_->sync(); }

private:
    std::unique_ptr<OutputFile> file_;
    SparingFileOps& files_;
    fs::path folder_;
    std::uint64_t checked_bytes_ = 0;  // that may be written before the next look
};

}  // namespace

void SparingFileOps::check_room(const fs::path& folder, std::uint64_t bytes) {
    const auto free = files_.free_bytes(folder);
    if (free < min_free_bytes_ || free - min_free_bytes_ < bytes) {
        throw Error{Errc::no_space,
                    fmt::format("no room for {} bytes on the disk of {}", bytes, folder.string())};
    }
}

void SparingFileOps::create_directories(const fs::path& path) {
    files_.create_directories(path);
}

std::unique_ptr<OutputFile> SparingFileOps::create(const fs::path& path) {
    return std::make_unique<SparingOutputFile>(files_.create(path), *this, path.parent_path());
}

std::unique_ptr<OutputFile> SparingFileOps::append_to(const fs::path& path) {
    return std::make_unique<SparingOutputFile>(files_.append_to(path), *this, path.parent_path());
}

void SparingFileOps::copy_file(const fs::path& from, const fs::path& to) {
    check_room(to.parent_path(), fs::file_size(from));
    files_.copy_file(from, to);
}

void SparingFileOps::sync_file(const fs::path& path) {
    files_.sync_file(path);
}

void SparingFileOps::sync_directory(const fs::path& path) {
    files_.sync_directory(path);
}

void SparingFileOps::rename(const fs::path& from, const fs::path& to) {
    files_.rename(from, to);
}

void SparingFileOps::exchange(const fs::path& one, const fs::path& other) {
    files_.exchange(one, other);
}

void SparingFileOps::remove_all(const fs::path& path) {
    files_.remove_all(path);
}

std::uint64_t SparingFileOps::free_bytes(const fs::path& path) {
    return files_.free_bytes(path);
}

}  // namespace offgrid
