#include "tests/support/counting_file_ops.h"

#include <utility>

namespace offgrid::test {

namespace fs = std::filesystem;

class CountingOutputFile final : public OutputFile {
public:
    CountingOutputFile(CountingFileOps& files, std::unique_ptr<OutputFile> file)
        : files_{files}, file_{std::move(file)} {}

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

void CountingFileOps::copy_file(const fs::path& from, const fs::path& to) {
    ForwardingFileOps::copy_file(from, to);
    counts_.bytes += fs::file_size(to);
}

void CountingFileOps::sync_file(const fs::path& path) {
    ++counts_.syncs;
    ForwardingFileOps::sync_file(path);
}

void CountingFileOps::sync_directory(const fs::path& path) {
    ++counts_.syncs;
    ForwardingFileOps::sync_directory(path);
}

void CountingFileOps::remove_all(const fs::path& path) {
    ++counts_.steps;
    ForwardingFileOps::remove_all(path);
}

std::unique_ptr<OutputFile> CountingFileOps::wrap(std::unique_ptr<OutputFile> file,
                                                  const fs::path& /*path*/) {
    return std::make_unique<CountingOutputFile>(*this, std::move(file));
}

}  // namespace offgrid::test
