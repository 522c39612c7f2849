#include "sync/interruptible_file_ops.h"

#include "formats/base/error.h"

#include <utility>

namespace offgrid {
namespace {

class InterruptibleOutputFile final : public OutputFile {
public:
    InterruptibleOutputFile(std::unique_ptr<OutputFile> file, const std::atomic<bool>& is_stopped)
        : file_{std::move(file)}, is_stopped_{is_stopped} {}

    void append(BytesView piece) override {
        check_not_stopped(is_stopped_);
        file_->append(piece);
    }

    void sync() override {
        check_not_stopped(is_stopped_);
        file_->sync();
    }

private:
    std::unique_ptr<OutputFile> file_;
    const std::atomic<bool>& is_stopped_;
};

}  // namespace

void check_not_stopped(const std::atomic<bool>& is_stopped) {
    if (is_stopped) {
        throw Error{Errc::interrupted, "the server is ending; nothing was changed"};
    }
}

void InterruptibleFileOps::create_directories(const std::filesystem::path& path) {
    check_not_stopped(is_stopped_);
    files_.create_directories(path);
}

std::unique_ptr<OutputFile> InterruptibleFileOps::create(const std::filesystem::path& path) {
    check_not_stopped(is_stopped_);
    return std::make_unique<InterruptibleOutputFile>(files_.create(path), is_stopped_);
}

std::unique_ptr<OutputFile> InterruptibleFileOps::append_to(const std::filesystem::path& path) {
    check_not_stopped(is_stopped_);
    return std::make_unique<InterruptibleOutputFile>(files_.append_to(path), is_stopped_);
}

void InterruptibleFileOps::copy_file(const std::filesystem::path& from,
                                     const std::filesystem::path& to) {
    check_not_stopped(is_stopped_);
    files_.copy_file(from, to);
}

void InterruptibleFileOps::sync_file(const std::filesystem::path& path) {
    check_not_stopped(is_stopped_);
    files_.sync_file(path);
}

void InterruptibleFileOps::sync_directory(const std::filesystem::path& path) {
    check_not_stopped(is_stopped_);
    files_.sync_directory(path);
}

void InterruptibleFileOps::rename(const std::filesystem::path& from,
                                  const std::filesystem::path& to) {
    check_not_stopped(is_stopped_);
    files_.rename(from, to);
}

void InterruptibleFileOps::exchange(const std::filesystem::path& one,
                                    const std::filesystem::path& other) {
    check_not_stopped(is_stopped_);
    files_.exchange(one, other);
}

void InterruptibleFileOps::remove_all(const std::filesystem::path& path) {
    files_.remove_all(path);
}

std::uint64_t InterruptibleFileOps::free_bytes(const std::filesystem::path& path) {
    return files_.free_bytes(path);
}

}  // namespace offgrid
