#include "formats/base/forwarding_file_ops.h"

namespace offgrid {

namespace fs = std::filesystem;

void ForwardingFileOps::create_directories(const fs::path& path) {
    next_step().create_directories(path);
}

void ForwardingFileOps::create_scratch_directories(const fs::path& path) {
    next_step().create_scratch_directories(path);
}

std::unique_ptr<OutputFile> ForwardingFileOps::create(const fs::path& path) {
    return wrap(next_step().create(path), path);
}

std::unique_ptr<OutputFile> ForwardingFileOps::create_secret(const fs::path& path) {
    return wrap(next_step().create_secret(path), path);
}

std::unique_ptr<OutputFile> ForwardingFileOps::append_to(const fs::path& path) {
    return wrap(next_step().append_to(path), path);
}

void ForwardingFileOps::copy_file(const fs::path& from, const fs::path& to) {
    next_step().copy_file(from, to);
}

void ForwardingFileOps::sync_file(const fs::path& path) {
    next_step().sync_file(path);
}

void ForwardingFileOps::sync_directory(const fs::path& path) {
    next_step().sync_directory(path);
}

void ForwardingFileOps::rename(const fs::path& from, const fs::path& to) {
    next_step().rename(from, to);
}

void ForwardingFileOps::exchange(const fs::path& one, const fs::path& other) {
    next_step().exchange(one, other);
}

void ForwardingFileOps::remove_all(const fs::path& path) {
    files_.remove_all(path);
}

std::uint64_t ForwardingFileOps::free_bytes(const fs::path& path) {
    return files_.free_bytes(path);
}

std::unique_ptr<OutputFile> ForwardingFileOps::wrap(std::unique_ptr<OutputFile> file,
                                                    const fs::path& /*path*/) {
    return file;
}

FileOps& ForwardingFileOps::next_step() {
    before_step();
    return files_;
}

}  // namespace offgrid
