#include "tests/support/counting_file_ops.h"

namespace offgrid::test {

namespace fs = std::filesystem;

class CountingOutputFile final : public OutputFile {
public:
    CountingOutputFile(CountingFileOps& files, const fs::path& path)
        : files_{files}, file_{posix_file_ops().create(path)} {}

    void append(BytesView piece) override {
        ++files_.counts_.steps;
        files_.counts_.bytes += piece.size();
        file_->append(piece);
    }
    void sync() override {
        ++files_.counts_.steps;
        ++files_.counts_.syncs;
        file_->sync();
    }

private:
    CountingFileOps& files_;
    std::unique_ptr<OutputFile> file_;
};

FileOps& CountingFileOps::step() {
    ++counts_.steps;
    return posix_file_ops();
}

void CountingFileOps::create_directories(const fs::path& path) {
    step().create_directories(path);
}

std::unique_ptr<OutputFile> CountingFileOps::create(const fs::path& path) {
    ++counts_.steps;
    return std::make_unique<CountingOutputFile>(*this, path);
}

void CountingFileOps::copy_file(const fs::path& from, const fs::path& to) {
    step().copy_file(from, to);
    counts_.bytes += fs::file_size(to);
}

void CountingFileOps::sync_file(const fs::path& path) {
    ++counts_.syncs;
    step().sync_file(path);
}

void CountingFileOps::sync_directory(const fs::path& path) {
    ++counts_.syncs;
    step().sync_directory(path);
}

void CountingFileOps::rename(const fs::path& from, const fs::path& to) {
    step().rename(from, to);
}

void CountingFileOps::exchange(const fs::path& one, const fs::path& other) {
    step().exchange(one, other);
}

void CountingFileOps::remove_all(const fs::path& path) {
    step().remove_all(path);
}

std::uint64_t CountingFileOps::free_bytes(const fs::path& path) {
    return posix_file_ops().free_bytes(path);
}

}  // namespace offgrid::test
